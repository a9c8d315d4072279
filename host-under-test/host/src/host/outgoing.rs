//! The way out of a workload: what its components share of it, and how each of
//! them is told where it may go.

use super::Inner;
use super::chain::Chain;
use crate::egress::{AllowedHosts, Egress, Neighbours, OutgoingHandler};
use crate::error::{Error, Result};
use crate::workload::{Resources, WorkloadSpec};
use std::cell::OnceCell;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The way out that all components of a workload share; made when the first of
/// them has one.
pub(super) struct Outgoing<'a> {
    host: &'a Inner,
    spec: &'a WorkloadSpec,
    shared: OnceCell<(Arc<dyn OutgoingHandler>, Arc<Semaphore>)>,
}

/// The same, for the components of one replica.
pub(super) struct OutgoingBeside<'a> {
    outgoing: &'a Outgoing<'a>,
    neighbours: Arc<Chain>,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(host: &'a Inner, spec: &'a WorkloadSpec) -> Self {
        Self { host, spec, shared: OnceCell::new() }
    }

    pub(super) fn beside(&'a self, chain: &Arc<Chain>) -> OutgoingBeside<'a> {
        OutgoingBeside { outgoing: self, neighbours: Arc::clone(chain) }
    }
}

impl OutgoingBeside<'_> {
    pub(super) fn for_component(&self, resources: &Resources) -> Result<Egress> {
        let Outgoing { host, spec, shared } = self.outgoing;
        let allowed = AllowedHosts::parse(resources.allowed_hosts.iter().map(String::as_str))
            .map_err(|wrong| Error::Input(format!("allowedHosts: {wrong}")))?;
        let (handler, quota) = shared.get_or_init(|| {
            let quota = Semaphore::new(host.config.max_outgoing_requests);
            ((host.config.outgoing)(spec), Arc::new(quota))
        });
        let neighbours: Arc<dyn Neighbours> = self.neighbours.clone();
        Ok(Egress::new(neighbours, allowed, Arc::clone(handler), Arc::clone(quota)))
    }
}
