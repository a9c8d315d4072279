//! The crate seen from outside, in one binary.
//!
//! - `detection`: changes of histories, decisions from samples, hostile input;
//! - `property`: what holds whatever the numbers;
//! - `simulation`: whether the stated coverage and power are reached.
//!
//! Golden values of single functions live beside those functions.

mod detection;
mod property;
mod simulation;
