//! The ZONOS2 backbone: prompt rows, mixture-of-experts transformer, sampler and generation loop.
