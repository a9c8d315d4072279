//! The load generator against a server that misbehaves on purpose.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are not marked as tests, so clippy.toml does not reach them"
)]

/// The server: answers each request by a script.
mod server;

/// Long and generated bodies, first bytes, bytes as they move.
mod bodies;
/// Every way for an answer to be wrong, with its exact message.
mod failures;
/// Right answers: counts, slices, readings, latencies, reconnects.
mod measuring;
/// Single requests: `ask_once`, `first_answer`.
mod once;
/// A fixed rate: what waits counts, and who is to blame for the wait.
mod open_loop;
