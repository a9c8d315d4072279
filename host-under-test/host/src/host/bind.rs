//! Which plugins a workload is bound to, from its start to its end.

use super::link;
use crate::error::{Error, Result};
use crate::guest::Plugins;
use crate::plugin::{Caller, HostPlugin, Provided, Wanted};
use crate::workload::{InterfaceSpec, WorkloadSpec};
use std::sync::Arc;

/// What a workload was bound to. Dropped, it is bound no more.
#[derive(Default)]
pub(super) struct Bound {
    workload: String,
    entries: Vec<(InterfaceSpec, Provided)>,
    plugins: Vec<Arc<dyn HostPlugin>>,
}

impl Bound {
    /// Binds every entry once: components that share one share what it leads to.
    pub(super) async fn bind(plugins: &[Arc<dyn HostPlugin>], spec: &WorkloadSpec) -> Result<Self> {
        let workload = spec.title();
        let mut bound = Self::default();
        bound.workload.clone_from(&workload);
        let components = spec.components.iter().flat_map(|component| &component.interfaces);
        let service = spec.service.iter().flat_map(|service| &service.interfaces);
        for interface in components.chain(service) {
            if bound.provided(interface).is_some() {
                continue;
            }
            let Some(plugin) = plugin_for(plugins, interface)? else { continue };
            let provided = plugin.bind(Wanted { workload: &workload, interface }).await?;
            bound.entries.push((interface.clone(), provided));
            if !bound.plugins.iter().any(|known| Arc::ptr_eq(known, plugin)) {
                bound.plugins.push(Arc::clone(plugin));
            }
        }
        Ok(bound)
    }

    /// What a component gets, or the service if it has no name.
    pub(super) fn plugins(&self, component: Option<&str>, interfaces: &[InterfaceSpec]) -> Plugins {
        let component = component.unwrap_or("service").to_owned();
        let caller = Caller { workload: self.workload.clone(), component };
        let mut plugins = Plugins { caller, ..Plugins::none() };
        for interface in interfaces {
            match (self.provided(interface), &interface.name) {
                (Some(Provided::KeyValue(store)), None) => {
                    plugins.stores.unnamed = Some(Arc::clone(store));
                }
                (Some(Provided::KeyValue(store)), Some(name)) => {
                    plugins.stores.named.insert(name.clone(), Arc::clone(store));
                }
                (Some(Provided::Blobstore(store)), name) => {
                    plugins.blobs.add(name.as_deref(), Arc::clone(store));
                }
                (Some(Provided::Log(log)), _) => plugins.log = Some(Arc::clone(log)),
                (None, _) => {}
            }
        }
        plugins
    }

    fn provided(&self, interface: &InterfaceSpec) -> Option<&Provided> {
        self.entries.iter().find(|(bound, _)| bound == interface).map(|(_, provided)| provided)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        for plugin in &self.plugins {
            plugin.unbind(&self.workload);
        }
    }
}

/// The plugin that an entry means; none if its package is no plugin's, or another
/// component provides for it.
fn plugin_for<'a>(
    plugins: &'a [Arc<dyn HostPlugin>],
    interface: &InterfaceSpec,
) -> Result<Option<&'a Arc<dyn HostPlugin>>> {
    let InterfaceSpec { namespace, package, config, .. } = interface;
    let of_package = || plugins.iter().filter(|it| it.package() == (namespace, package));
    let Some(first) = of_package().next().filter(|_| link::chosen(interface).is_none()) else {
        return Ok(None);
    };
    let Some(backend) = config.get("backend") else { return Ok(Some(first)) };
    let found = of_package().find(|plugin| plugin.backend() == Some(backend.as_str()));
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = of_package().filter_map(|plugin| plugin.backend()).collect();
        Error::Input(format!(
            "config.backend of {namespace}:{package}: this host has no `{backend}`, only {}",
            known.join(", ")
        ))
    })
}
