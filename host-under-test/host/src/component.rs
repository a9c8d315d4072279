//! From a compiled component to something that can be instantiated: its handler
//! found, its imports linked. What a component may import is what its workload's
//! host interfaces offer; the rest is refused at start, by name.

use crate::error::{Error, Result};
use crate::guest::{self, GuestState};
use crate::network;
use crate::plugin::{blobstore, keyvalue, logging};
use crate::provider::caller;
use crate::workload::WasiVersion;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime_wasi_config::WasiConfig;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView, p2, p3};

/// What a file starts with, told before Wasmtime sees it: its own message about
/// a core module does not say what to do.
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Reads a component's file and refuses what is not a component.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let bytes =
        std::fs::read(path).map_err(|e| Error::Input(format!("reading component {name}: {e}")))?;
    refuse_other(&bytes, &name.to_string())?;
    Ok(bytes)
}

/// Refuses bytes that are not a component.
pub(crate) fn refuse_other(bytes: &[u8], name: &str) -> Result<()> {
    let what = if bytes.starts_with(COMPONENT) {
        return Ok(());
    } else if bytes.starts_with(CORE_MODULE) {
        "is a core module, not a component: wrap it, for example with `wasm-tools component new`"
    } else if Engine::detect_precompiled(bytes).is_some() {
        "is machine code, not a component: name the component here and pass this with --aot"
    } else {
        "is not a WebAssembly component in binary format"
    };
    Err(Error::Input(format!("{name} {what}")))
}

/// What a component may import beyond the base (clocks, random, stdio, files in
/// its volumes, HTTP types), which is harmless and always there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Offer {
    /// `wasi:http/outgoing-handler` and `wasi:http/client`.
    pub(crate) egress: bool,
    /// `wasi:config/store`.
    pub(crate) config: bool,
    /// `wasi:keyvalue`.
    pub(crate) keyvalue: bool,
    /// `wasi:blobstore`.
    pub(crate) blobstore: bool,
    /// `wasi:logging`.
    pub(crate) logging: bool,
}

/// A component that is linked, outside of any workload: to see whether it would
/// run, and what an instance of it costs.
pub struct Prepared {
    linked: Linked,
}

impl Prepared {
    pub(crate) fn new(linked: Linked) -> Self {
        Self { linked }
    }

    /// Makes one instance, and drops it.
    ///
    /// # Errors
    /// When it traps at its start, or no instance slot is free.
    pub async fn instantiate(&self) -> Result<()> {
        let mut store = guest::bare_store(self.linked.instance.engine());
        let made = self.linked.instance.instantiate_async(&mut store).await;
        made.map(drop)
            .map_err(|e| Error::input(format_args!("instantiating {}", self.linked.name), &e))
    }
}

/// A component whose imports are linked, ready to be instantiated.
pub(crate) struct Linked {
    pub(crate) instance: InstancePre<GuestState>,
    /// The handlers it exports, with their full names.
    handlers: Vec<(WasiVersion, String)>,
    /// Whether it imports `wasi:keyvalue`.
    pub(crate) imports_keyvalue: bool,
    /// Whether it exports `wasi:keyvalue`.
    pub(crate) exports_keyvalue: bool,
    name: String,
}

impl Linked {
    pub(crate) fn new(
        linkers: &Linkers,
        component: Component,
        offer: Offer,
        name: &str,
    ) -> Result<Self> {
        refuse_unoffered(&component, offer, name)?;
        let instance = linkers.get(offer)?.instantiate_pre(&component).map_err(|e| {
            Error::input(format_args!("{name} needs what this host does not offer"), &e)
        })?;
        let all = component.component_type();
        let engine = component.engine();
        let is_keyvalue = |name: &str| name.starts_with("wasi:keyvalue/");
        Ok(Self {
            instance,
            handlers: handlers(&component),
            imports_keyvalue: all.imports(engine).any(|(name, _)| is_keyvalue(name)),
            exports_keyvalue: all.exports(engine).any(|(name, _)| is_keyvalue(name)),
            name: name.to_owned(),
        })
    }

    /// Whether it exports a handler of WASI 0.3.
    pub(crate) fn answers_p3(&self) -> bool {
        self.handlers.iter().any(|(version, _)| *version == WasiVersion::P3)
    }

    /// The one handler that both the component exports and the workload offers.
    pub(crate) fn handler(&self, offered: &[WasiVersion]) -> Result<WasiVersion> {
        let name = &self.name;
        let Some((first, export)) = self.handlers.first() else {
            return Err(Error::Input(format!(
                "{name} exports no HTTP handler: expected wasi:http/incoming-handler@0.2.x or \
                 wasi:http/handler@0.3.x"
            )));
        };
        let mut both = self.handlers.iter().filter(|(version, _)| offered.contains(version));
        match (both.next(), both.next()) {
            (Some((version, _)), None) => Ok(*version),
            (None, _) => Err(Error::Input(format!(
                "{name} exports {export}, which the workload's hostInterfaces do not list: add {}",
                first.handler()
            ))),
            (Some(_), Some(_)) => Err(Error::Input(format!(
                "{name} exports handlers of 0.2 and 0.3: list only one of them in hostInterfaces"
            ))),
        }
    }
}

fn handlers(component: &Component) -> Vec<(WasiVersion, String)> {
    let exports = component.component_type();
    let mut found = Vec::new();
    for (export, _) in exports.exports(component.engine()) {
        if export.starts_with("wasi:http/incoming-handler@0.2.") {
            found.push((WasiVersion::P2, export.to_owned()));
        } else if export.starts_with("wasi:http/handler@0.3.") {
            found.push((WasiVersion::P3, export.to_owned()));
        }
    }
    found
}

fn refuse_unoffered(component: &Component, offer: Offer, name: &str) -> Result<()> {
    let imports = component.component_type();
    for (import, _) in imports.imports(component.engine()) {
        let (interface, listed) = match import.split('@').next() {
            Some("wasi:http/outgoing-handler") => ("outgoing-handler of wasi:http", offer.egress),
            Some("wasi:http/client") => ("client of wasi:http", offer.egress),
            Some("wasi:config/store") => ("store of wasi:config", offer.config),
            Some("wasi:keyvalue/store") => ("store of wasi:keyvalue", offer.keyvalue),
            Some("wasi:keyvalue/atomics") => ("atomics of wasi:keyvalue", offer.keyvalue),
            Some(
                "wasi:blobstore/blobstore" | "wasi:blobstore/container" | "wasi:blobstore/types",
            ) => ("blobstore of wasi:blobstore", offer.blobstore),
            Some("wasi:logging/logging") => ("logging of wasi:logging", offer.logging),
            _ => continue,
        };
        if !listed {
            return Err(Error::Input(format!(
                "{name} imports {import}, which its hostInterfaces do not list: add {interface}"
            )));
        }
    }
    Ok(())
}

/// A linker for every offer that was asked for, each made once.
pub(crate) struct Linkers {
    engine: Engine,
    made: Mutex<HashMap<Offer, Arc<Linker<GuestState>>>>,
}

impl Linkers {
    pub(crate) fn new(engine: &Engine) -> Self {
        Self { engine: engine.clone(), made: Mutex::default() }
    }

    fn get(&self, offer: Offer) -> Result<Arc<Linker<GuestState>>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(linker) = made.get(&offer) {
            return Ok(Arc::clone(linker));
        }
        let linker = new_linker(&self.engine, offer)
            .map_err(|e| Error::Runtime(format!("preparing a linker: {e:#}")))?;
        let linker = Arc::new(linker);
        made.insert(offer, Arc::clone(&linker));
        Ok(linker)
    }
}

fn new_linker(engine: &Engine, offer: Offer) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    caller::add_to_linker(&mut linker, GuestState::calling)?;
    network::add_to_linker(&mut linker, GuestState::network)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    p2::bindings::http::types::add_to_linker::<_, WasiHttp>(
        &mut linker,
        &p2::bindings::LinkOptions::default().into(),
        GuestState::http,
    )?;
    p3::bindings::http::types::add_to_linker::<_, WasiHttp>(&mut linker, GuestState::http)?;
    if offer.egress {
        p2::bindings::http::outgoing_handler::add_to_linker::<_, WasiHttp>(
            &mut linker,
            GuestState::http,
        )?;
        p3::bindings::http::client::add_to_linker::<_, WasiHttp>(&mut linker, GuestState::http)?;
    }
    if offer.config {
        wasmtime_wasi_config::add_to_linker(&mut linker, |state: &mut GuestState| {
            WasiConfig::from(state.config())
        })?;
    }
    if offer.keyvalue {
        keyvalue::add_to_linker(&mut linker, GuestState::keyvalue)?;
    }
    if offer.blobstore {
        blobstore::add_to_linker(&mut linker, GuestState::blobstore)?;
    }
    if offer.logging {
        logging::add_to_linker(&mut linker, GuestState::log)?;
    }
    Ok(linker)
}
