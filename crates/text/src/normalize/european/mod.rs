//! What German and French share: amounts, formulas, and how signs between numbers and words are spaced.

pub mod formula;
pub mod joint;
pub mod quantity;
