//! Read, resample and write audio for ZONOS2.
