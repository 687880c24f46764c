//! Normalization through the public interface.

mod fixtures;
mod hostile;
mod properties;
mod romance;
