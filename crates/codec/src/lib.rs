//! DAC, the 44.1 kHz neural codec of ZONOS2: codes to waveform and back.
