//! Normalization through the public interface.

mod english;
mod fixtures;
mod hostile;
mod properties;
mod romance;
