//! Random weights that behave: activations neither vanish nor explode, routers use all experts.

use zonos_weights::Init;

/// How a random tensor of the backbone is filled.
pub(crate) fn rule(name: &str, shape: &[usize]) -> Init {
    let last = |part: &str| name.ends_with(part);
    if last("norm.weight") || last("rmsnorm_eda.weight") || last(".temp") {
        Init::Around { center: 1.0, width: 0.1 }
    } else if last(".bias") || last("balancing_biases") {
        Init::Around { center: 0.0, width: 0.02 }
    } else if last("router_states_scale") {
        Init::Around { center: 0.5, width: 0.1 }
    } else if name.starts_with("multi_embedder") {
        Init::Around { center: 0.0, width: 1.0 }
    } else {
        Init::FanIn(shape.last().copied().unwrap_or(1))
    }
}
