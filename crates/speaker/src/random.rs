//! How the tensors of a random encoder are filled.

use zonos_weights::Init;

/// Keeps the signal's size through the layers. Log-mel values and the sums over residual blocks are large; the last
/// layer brings them to the size of the released encoder's voices, whose numbers lie below 1.
pub(crate) fn init(name: &str, shape: &[usize]) -> Init {
    let inputs: usize = shape.iter().skip(1).product();
    if name.ends_with("bias") {
        Init::Around { center: 0.0, width: 0.05 }
    } else if name == "fc.weight" {
        Init::FanIn(64 * inputs)
    } else {
        Init::FanIn(inputs)
    }
}
