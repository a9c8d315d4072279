//! Which component of a workload provides for which others: found out from what
//! they import and export, before anything runs.

use super::start::Prepared;
use crate::error::{Error, Result};
use crate::workload::{ComponentSpec, InterfaceSpec, WorkloadSpec};

/// The component, by index, that provides `wasi:keyvalue` for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) provider: Option<usize>,
}

impl Links {
    /// Whether this component's calls go to the provider.
    pub(super) fn leads_to_provider(&self, component: usize) -> bool {
        self.provider.is_some_and(|provider| provider != component)
    }
}

/// Whether a component is there for other components, not for requests.
pub(super) fn is_provider(component: &ComponentSpec) -> bool {
    component.http.is_none() && component.schedule.is_none()
}

/// Finds the provider and refuses what cannot be resolved, with the names of all
/// components involved.
pub(super) fn resolve(spec: &WorkloadSpec, prepared: &[Prepared]) -> Result<Links> {
    let refuse = |what: String| Err(Error::Input(format!("{}: {what}", spec.title())));
    let named = || spec.components.iter().zip(prepared).enumerate();
    let mut provider: Option<(usize, &str)> = None;
    for (index, (component, code)) in named().filter(|(_, (it, _))| is_provider(it)) {
        let name = component.name.as_str();
        if !code.linked.exports_keyvalue {
            return refuse(format!(
                "no request can reach component {name} (its hostInterfaces list no wasi:http), and \
                 it exports nothing that others can import here (wasi:keyvalue)"
            ));
        }
        if let Some((_, first)) = provider {
            return refuse(format!(
                "components {first} and {name} both provide wasi:keyvalue: keep one of them"
            ));
        }
        provider = Some((index, name));
    }
    let Some((provider, provider_name)) = provider else { return Ok(Links { provider: None }) };
    for (index, (component, code)) in named() {
        let name = &component.name;
        let listed = lists_unnamed(&component.interfaces);
        if index == provider && code.linked.imports_keyvalue && !listed {
            return refuse(format!(
                "component {name} imports wasi:keyvalue, which only {name} itself provides: list \
                 wasi:keyvalue in its hostInterfaces to get the host's"
            ));
        }
        if index != provider && code.linked.imports_keyvalue && listed {
            return refuse(format!(
                "component {name} has wasi:keyvalue from component {provider_name} and from \
                 hostInterfaces: keep one of them, or give the latter a name"
            ));
        }
    }
    Ok(Links { provider: Some(provider) })
}

fn lists_unnamed(interfaces: &[InterfaceSpec]) -> bool {
    interfaces.iter().any(|it| it.name.is_none() && it.lists("wasi", "keyvalue", "store"))
}
