//! The crate seen from outside, in one binary.
//!
//! - `property`: what holds whatever the numbers;
//! - `simulation`: whether the stated coverage and power are reached.
//!
//! Golden values of single functions live beside those functions.

mod property;
mod simulation;
