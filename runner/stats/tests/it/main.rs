//! The crate seen from outside, in one binary.
//!
//! - `detection`: changes of histories, decisions from samples, hostile input;
//! - `procedure`: a whole comparison with looks and stopping, on noise whose truth is known;
//! - `property`: what holds whatever the numbers;
//! - `simulation`: whether the stated coverage and power are reached.
//!
//! Golden values of single functions live beside those functions.

mod detection;
mod procedure;
mod property;
mod simulation;
