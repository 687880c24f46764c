//! Voices for ZONOS2: log-mel front end and ECAPA-TDNN speaker encoder.
