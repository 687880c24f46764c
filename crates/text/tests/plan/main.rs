//! Plans of long texts through the public interface.

#![allow(clippy::unwrap_used)]

mod cuts;
mod hostile;
mod languages;
mod properties;

use zonos_text::{Boundary, Language, Plan, PlanOptions, plan};

/// Options with a budget in bytes.
pub fn bytes(language: Language, budget: usize) -> PlanOptions {
    PlanOptions { seconds: budget as f64, bytes_per_second: 1.0, ..PlanOptions::new(language) }
}

/// The plan of a text that has one.
pub fn planned(text: &str, options: &PlanOptions) -> Plan {
    plan(text, options).unwrap()
}

/// The parts as text.
pub fn parts<'a>(text: &'a str, plan: &Plan) -> Vec<&'a str> {
    plan.parts.iter().map(|part| &text[part.span.clone()]).collect()
}

/// What ends the parts.
pub fn boundaries(plan: &Plan) -> Vec<Boundary> {
    plan.parts.iter().map(|part| part.boundary).collect()
}
