//! From a component's bytes to something that can be instantiated: compiled (or
//! loaded, see `aot.rs`), its handler found, its imports linked. Serves nothing.

use crate::error::{Error, Result};
use crate::guest::{Guest, GuestState};
use crate::workload::{HttpInterface, WasiVersion};
use std::path::Path;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
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
    let what = if bytes.starts_with(COMPONENT) {
        return Ok(bytes);
    } else if bytes.starts_with(CORE_MODULE) {
        "is a core module, not a component: wrap it, for example with `wasm-tools component new`"
    } else if Engine::detect_precompiled(&bytes).is_some() {
        "is machine code, not a component: name the component here and pass this with --aot"
    } else {
        "is not a WebAssembly component in binary format"
    };
    Err(Error::Input(format!("{name} {what}")))
}

/// Compiles for this machine.
pub(crate) fn compile(engine: &Engine, bytes: &[u8], path: &Path) -> Result<Component> {
    Component::from_binary(engine, bytes)
        .map_err(|e| Error::input(format_args!("compiling {}", path.display()), &e))
}

/// Finds the handler the workload asked for, and links all imports.
pub(crate) fn link(component: &Component, http: &HttpInterface, path: &Path) -> Result<Guest> {
    let name = path.display();
    let version = handler_version(component, http, path)?;
    let linker = new_linker(component.engine())
        .map_err(|e| Error::Runtime(format!("preparing the linker: {e:#}")))?;
    let linked = linker.instantiate_pre(component).map_err(|e| {
        Error::input(format_args!("{name} needs what this host does not offer"), &e)
    })?;
    Guest::new(version, linked).map_err(|e| {
        let handler = version.handler();
        Error::input(format_args!("{name} exports a wasi:http/{handler} of the wrong type"), &e)
    })
}

fn handler_version(
    component: &Component,
    http: &HttpInterface,
    path: &Path,
) -> Result<WasiVersion> {
    let name = path.display();
    let mut exported = Vec::new();
    for (export, _) in component.component_type().exports(component.engine()) {
        if export.starts_with("wasi:http/incoming-handler@0.2.") {
            exported.push((WasiVersion::P2, export.to_owned()));
        } else if export.starts_with("wasi:http/handler@0.3.") {
            exported.push((WasiVersion::P3, export.to_owned()));
        }
    }
    let found = match exported.as_slice() {
        [] => {
            return Err(Error::Input(format!(
                "{name} exports no HTTP handler: expected wasi:http/incoming-handler@0.2.x or \
                 wasi:http/handler@0.3.x"
            )));
        }
        found => found,
    };
    let mut offered = found.iter().filter(|(version, _)| http.offers(*version));
    match (offered.next(), offered.next()) {
        (Some((version, _)), None) => Ok(*version),
        (None, _) => Err(Error::Input(format!(
            "{name} exports {}, which the workload's hostInterfaces do not list: add {}",
            found[0].1,
            found[0].0.handler()
        ))),
        (Some(_), Some(_)) => Err(Error::Input(format!(
            "{name} exports handlers of 0.2 and 0.3: list only one of them in hostInterfaces"
        ))),
    }
}

/// Everything a guest may import. Outgoing requests are absent on purpose, so
/// that a component which needs them is refused at start.
fn new_linker(engine: &Engine) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    p2::bindings::http::types::add_to_linker::<_, WasiHttp>(
        &mut linker,
        &p2::bindings::LinkOptions::default().into(),
        GuestState::http,
    )?;
    p3::bindings::http::types::add_to_linker::<_, WasiHttp>(&mut linker, GuestState::http)?;
    Ok(linker)
}
