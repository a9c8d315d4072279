//! `arewefastyet:plugin/binding`: a plugin's component is told which workloads
//! it is there for, if it exports that.

use crate::guest::GuestState;
use std::collections::BTreeMap;
use wasmtime::Store;
use wasmtime::component::{Instance, TypedFunc};

const INTERFACE: &str = "arewefastyet:plugin/binding@0.1.0";

type Config = Vec<(String, String)>;

/// The two calls of one instance.
pub(super) struct Binding {
    bind: TypedFunc<(String, Config), (Result<(), String>,)>,
    unbind: TypedFunc<(String,), ()>,
}

impl Binding {
    /// None if the component does not export it; an error if it exports
    /// something else by that name.
    pub(super) fn of(
        store: &mut Store<GuestState>,
        instance: &Instance,
    ) -> wasmtime::Result<Option<Self>> {
        let Some(interface) = instance.get_export_index(&mut *store, None, INTERFACE) else {
            return Ok(None);
        };
        let named = |store: &mut Store<GuestState>, name| {
            let export = instance.get_export_index(&mut *store, Some(&interface), name);
            export.ok_or_else(|| wasmtime::format_err!("{INTERFACE} has no function {name}"))
        };
        let (bind, unbind) = (named(store, "bind")?, named(store, "unbind")?);
        Ok(Some(Self {
            bind: instance.get_typed_func(&mut *store, bind)?,
            unbind: instance.get_typed_func(&mut *store, unbind)?,
        }))
    }

    /// The inner error is the component's own.
    pub(super) async fn bind(
        &self,
        store: &mut Store<GuestState>,
        workload: &str,
        config: &BTreeMap<String, String>,
    ) -> wasmtime::Result<Result<(), String>> {
        let config = config.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let (bound,) = self.bind.call_async(store, (workload.to_owned(), config)).await?;
        Ok(bound)
    }

    pub(super) async fn unbind(
        &self,
        store: &mut Store<GuestState>,
        workload: &str,
    ) -> wasmtime::Result<()> {
        self.unbind.call_async(store, (workload.to_owned(),)).await
    }
}
