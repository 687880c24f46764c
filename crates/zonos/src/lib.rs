//! ZONOS2 text-to-speech: text and a voice in, 44.1 kHz speech out.
