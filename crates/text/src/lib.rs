//! Languages, text normalization interface and sentence splitting for ZONOS2.
