//! Components that provide `wasi:keyvalue` to other components: calls cross from
//! the caller's store into the provider's. A provider is either linked into one
//! workload, or a plugin of the whole host.
//!
//! Calls wait for each other in one instance and never for the caller: a caller
//! that is cut off leaves its call to end, or takes the instance with it. What a
//! provider imports is provided by others or by the host, never by itself, so
//! that no call can come back to an instance that is busy with it.

mod binding;
mod bucket;
pub(crate) mod caller;
mod instance;
mod plugin;
mod store;

pub(crate) use bucket::Provided;
pub use plugin::component_plugin;
pub(crate) use store::{Instances, ProviderStore};
