//! What several guests do alike. Each module has one purpose; none knows WASI, so that a guest's
//! imports come from its own world alone, and all are tested on the machine that builds them.

pub mod abuse;
pub mod errand;
pub mod error_name;
pub mod frames;
pub mod pattern;
pub mod preopen;
pub mod target;
pub mod url;
