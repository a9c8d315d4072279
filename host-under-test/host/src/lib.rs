//! An HTTP host for WebAssembly components, kept small and fast to be measured.
//!
//! An [`Engine`] compiles components; a [`Host`] runs workloads on it: it
//! [starts](Host::start), [tells of](Host::status) and [stops](Host::stop) them,
//! and answers requests on a socket it is [given](Host::serve). The program of
//! the same name is a thin shell over these.

mod admin;
pub mod code;
mod component;
pub mod digest;
mod egress;
mod engine;
pub mod error;
mod guest;
mod head_timer;
mod host;
mod hostname;
pub mod image;
mod metrics;
mod network;
pub mod plugin;
mod provider;
mod restart;
mod route;
mod serve;
mod socket;
pub mod workload;

pub use admin::admin;
pub use component::Prepared;
pub use egress::{
    AllowedHosts, ClientConfig, OutgoingHandler, OutgoingRequest, PooledClient, Sending,
};
pub use engine::{Engine, EngineConfig};
pub use error::{Error, Result};
pub use host::{
    ComponentStatus, Host, HostConfig, OutgoingHandlers, ScheduleStatus, ServiceStatus, StartNs,
    State, Workload, WorkloadStatus,
};
pub use provider::component_plugin;
pub use serve::ServeConfig;
pub use workload::WorkloadSpec;

use std::path::Path;

/// Compiles a component into a file, which appears complete or not at all, for
/// [`Host::start`] on this machine and this version.
///
/// # Errors
/// When the file is no component, or nothing can be written there.
pub fn compile_to_file(component: &Path, out: &Path, compiler: code::Compiler) -> Result<()> {
    let bytes = component::read(component)?;
    // The number of slots is no property of the code: any will do.
    let engine = engine::new_wasmtime(compiler, 1, wasmtime::ProfilingStrategy::None)?;
    code::compile_to_file(&engine, &bytes, &component.display().to_string(), out)
}
