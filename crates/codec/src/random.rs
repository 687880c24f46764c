//! How the tensors of a random codec are filled.

use zonos_weights::Init;

/// Keeps the signal's size from layer to layer, so that the output is neither silent nor pressed flat by the tanh.
///
/// With weight norm, `weight_v` gives a direction and `weight_g` the length: a row of length g scales the RMS of its
/// input by g. In a transposed convolution a row belongs to an input channel, which divides the RMS by about √(rate/2)
/// on the way; 1.6 makes up for the rates 8, 8, 4 and 2 together.
pub(crate) fn init(name: &str, shape: &[usize]) -> Init {
    let gain = |center| Init::Around { center, width: center / 4.0 };
    let ends = |suffix: &str| name.ends_with(suffix);
    if ends("alpha") {
        // Snake adds a constant of about 1/(2α); a large α keeps it below the signal.
        Init::Around { center: 4.0, width: 2.0 }
    } else if ends("bias") {
        Init::Around { center: 0.0, width: 0.02 }
    } else if !ends("weight_g") {
        Init::Around { center: 0.0, width: 1.0 }
    } else if ends("block.3.weight_g") {
        // The end of a residual unit: what is added stays small beside what it is added to.
        gain(0.4)
    } else if shape == [1, 1, 1] {
        // The last convolution of the decoder: small enough for the tanh to stay nearly straight.
        gain(0.15)
    } else if is_transposed(name) {
        gain(1.6)
    } else if name.starts_with("encoder.") {
        gain(1.0)
    } else {
        gain(0.5)
    }
}

/// `decoder.model.{i}.block.1`; the residual units lie one level deeper.
fn is_transposed(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    matches!(parts.as_slice(), ["decoder", "model", _, "block", "1", _])
}
