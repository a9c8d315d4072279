//! The host contract, tested from outside on the real binaries named by
//! `HOST_UNDER_TEST_BIN` and `NATIVE_BIN`. See the README for how to run it.

#![allow(clippy::panic, reason = "an expectation of the harness that fails is a failed test")]

/// Workloads that come and go while the host runs.
mod admin;
/// Loading machine code: what is refused, and that it serves like the component.
mod aot;
/// `wasi:blobstore`, by both backends.
mod blobstore;
mod blobstore_model;
/// Components that ask each other.
mod chaining;
/// Ways to get code: three compilers, and code kept from one start to the next.
mod compilers;
/// The two JSON lines, arguments and exit codes.
mod contract;
/// Outgoing requests: to whom, over which connections.
mod egress;
/// Bad components, and that each is refused in words.
mod guests;
/// A running host, a command that ends, and files for both.
mod harness;
/// Requests and answers: bodies, hosts, overload, traps, clients that leave.
mod http;
/// HTTP/2, and gRPC's trailers.
mod http2;
/// The client side of HTTP/1.1, simple enough to be trusted.
mod http_client;
/// Components out of a registry.
mod images;
/// Components and clients that misbehave.
mod isolation;
/// `wasi:keyvalue`: the same answers by every way, alone and among others.
mod keyvalue;
/// Components that provide for others of their workload.
mod links;
/// Who answers: by path, by host, in turn.
mod multipath;
/// Component plugins.
mod plugins;
/// Calls that come back to who made them.
mod reentrance;
/// Instances that stay.
mod reuse;
/// Components that the clock runs.
mod schedules;
/// Services that die of being asked.
mod services;
/// Signals and what happens to requests under way.
mod stop;
/// The ways that lead to a key-value store.
mod stores;
/// Volumes, environment, configuration; services.
mod surroundings;
/// The workload file: what is refused, and where the error points.
mod workload;
