//! GitHub: what its webhooks ask for, and how it is told what came of that.
//!
//! [`verify`] says whether a delivery is GitHub's own, [`asked`] what it asks for,
//! [`Client`] talks back: a comment, a check run, a commit status, issues. What is
//! measured, and what it means, is the business of others; this crate must not know the
//! store, `stats` or a metric.
//!
//! The client waits: it is for threads that may.

mod client;
mod command;
mod credentials;
mod delivery;
mod issues;
mod report;
mod signature;
mod telling;

pub use client::{Client, Failure, Patience, trust};
pub use command::{Command, parse};
pub use credentials::Credentials;
pub use delivery::{Ask, Place, asked};
pub use issues::Issue;
pub use report::{Conclusion, Report, Row, plain};
pub use signature::{Forged, verify};
pub use telling::Said;
