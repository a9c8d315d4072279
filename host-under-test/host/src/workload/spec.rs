//! What a workload file means, after every value was judged. Nothing here knows
//! the syntax of the file.

use super::wire::{File, WireComponent, WireHostInterface, WireWorkload};
use crate::error::Result;
use crate::hostname::host_of_authority;
use serde_saphyr::{Location, Spanned};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const API_VERSION: &str = "runtime.wasmcloud.dev/v1alpha1";
const KIND: &str = "WorkloadDeployment";

/// The newest patch of each minor version of wasi:http that Wasmtime 48 carries.
const NEWEST_P2_PATCH: u64 = 12;
const NEWEST_P3_PATCH: u64 = 0;

/// The two generations of WASI that a component can be written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasiVersion {
    /// `wasi:http/incoming-handler@0.2.x`.
    P2,
    /// `wasi:http/handler@0.3.x`.
    P3,
}

impl WasiVersion {
    /// The interface a component exports to be sent requests.
    pub(crate) fn handler(self) -> &'static str {
        match self {
            Self::P2 => "incoming-handler",
            Self::P3 => "handler",
        }
    }

    fn newest_patch(self) -> u64 {
        match self {
            Self::P2 => NEWEST_P2_PATCH,
            Self::P3 => NEWEST_P3_PATCH,
        }
    }
}

/// What to serve.
#[derive(Debug)]
pub(crate) struct Workload {
    /// For people: `namespace/name`.
    pub(crate) title: String,
    pub(crate) http: HttpInterface,
    pub(crate) component: ComponentFile,
}

/// The `wasi:http` the workload asks for.
#[derive(Debug)]
pub(crate) struct HttpInterface {
    /// The only host to answer for; `None` answers for all.
    pub(crate) host: Option<String>,
    handlers: Vec<WasiVersion>,
}

impl HttpInterface {
    /// Whether the workload listed the handler of this version.
    pub(crate) fn offers(&self, version: WasiVersion) -> bool {
        self.handlers.contains(&version)
    }
}

/// Where a component is.
#[derive(Debug)]
pub(crate) struct ComponentFile {
    pub(crate) file: PathBuf,
}

/// Judges every value. `path` is the workload file, to which files are relative.
pub(super) fn check(file: &File, wire: WireWorkload, path: &Path) -> Result<Workload> {
    expect(file, &wire.api_version, "apiVersion", API_VERSION)?;
    expect(file, &wire.kind, "kind", KIND)?;
    let name = non_empty(file, wire.metadata.name, "metadata.name")?;
    let title = match wire.metadata.namespace {
        Some(namespace) => {
            let namespace = non_empty(file, namespace, "metadata.namespace")?;
            format!("{namespace}/{name}")
        }
        None => name,
    };
    Ok(Workload {
        title,
        http: only_http(file, wire.spec.host_interfaces)?,
        component: only_component(file, wire.spec.components, path)?,
    })
}

fn expect(file: &File, got: &Spanned<String>, field: &str, want: &str) -> Result<()> {
    if got.value == want {
        return Ok(());
    }
    let what = format!("`{}` is not supported, expected `{want}`", got.value);
    Err(file.refuse(got.referenced, field, &what))
}

fn non_empty(file: &File, text: Spanned<String>, field: &str) -> Result<String> {
    if text.value.trim().is_empty() {
        return Err(file.refuse(text.referenced, field, "must not be empty"));
    }
    Ok(text.value)
}

fn only_component(
    file: &File,
    components: Spanned<Vec<WireComponent>>,
    path: &Path,
) -> Result<ComponentFile> {
    let at = components.referenced;
    let mut components = components.value.into_iter();
    let Some(component) = components.next() else {
        return Err(file.refuse(at, "spec.components", "one component is needed"));
    };
    if let Some(second) = components.next() {
        let what = "a second component is not supported yet: give each its own workload file";
        return Err(file.refuse(second.name.referenced, "spec.components[1]", what));
    }
    non_empty(file, component.name, "spec.components[0].name")?;
    let relative = non_empty(file, component.file, "spec.components[0].file")?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(ComponentFile { file: folder.join(relative) })
}

fn only_http(file: &File, interfaces: Spanned<Vec<WireHostInterface>>) -> Result<HttpInterface> {
    let at = interfaces.referenced;
    let mut http = None;
    for (index, interface) in interfaces.value.into_iter().enumerate() {
        let field = format!("spec.hostInterfaces[{index}]");
        let (namespace, package) = (&interface.namespace.value, &interface.package.value);
        let place = interface.package.referenced;
        if (namespace.as_str(), package.as_str()) != ("wasi", "http") {
            let what = format!("this host does not offer {namespace}:{package}, only wasi:http");
            return Err(file.refuse(place, &field, &what));
        }
        if http.is_some() {
            return Err(file.refuse(place, &field, "wasi:http is listed twice: merge the two"));
        }
        http = Some(check_http(file, &field, interface)?);
    }
    http.ok_or_else(|| {
        let what = "wasi:http is missing: without it no request can reach the component";
        file.refuse(at, "spec.hostInterfaces", what)
    })
}

fn check_http(file: &File, field: &str, wire: WireHostInterface) -> Result<HttpInterface> {
    let version = match &wire.version {
        Some(version) => Some(check_version(file, field, version)?),
        None => None,
    };
    let mut handlers = Vec::new();
    for (index, interface) in wire.interfaces.iter().enumerate() {
        let refuse = |what: &str| {
            let field = format!("{field}.interfaces[{index}]");
            Err(file.refuse(interface.referenced, &field, what))
        };
        let name = interface.value.as_str();
        let handler = match name {
            "types" => continue,
            "incoming-handler" => WasiVersion::P2,
            "handler" => WasiVersion::P3,
            _ => {
                return refuse(&format!(
                    "wasi:http/{name} is not offered, expected incoming-handler (0.2), handler \
                     (0.3) or types"
                ));
            }
        };
        if let (Some(version), Some(text)) = (version, &wire.version)
            && version != handler
        {
            let version = &text.value;
            return refuse(&format!("wasi:http/{name} does not exist in version {version}"));
        }
        handlers.push(handler);
    }
    if handlers.is_empty() {
        return Err(file.refuse(
            wire.package.referenced,
            &format!("{field}.interfaces"),
            "no handler is listed: add incoming-handler (0.2) or handler (0.3)",
        ));
    }
    Ok(HttpInterface { host: check_config(file, field, wire.config)?, handlers })
}

fn check_version(file: &File, field: &str, version: &Spanned<String>) -> Result<WasiVersion> {
    let text = version.value.as_str();
    let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    let (generation, patch) = match parts.as_deref() {
        Some([0, 2, patch]) => (WasiVersion::P2, *patch),
        Some([0, 3, patch]) => (WasiVersion::P3, *patch),
        _ => (WasiVersion::P2, u64::MAX),
    };
    if patch <= generation.newest_patch() {
        return Ok(generation);
    }
    let what = format!(
        "wasi:http {text} is not offered, expected 0.2.0 to 0.2.{NEWEST_P2_PATCH} or \
         0.3.{NEWEST_P3_PATCH}"
    );
    Err(file.refuse(version.referenced, &format!("{field}.version"), &what))
}

fn check_config(
    file: &File,
    field: &str,
    config: BTreeMap<String, Spanned<String>>,
) -> Result<Option<String>> {
    let mut host = None;
    for (key, value) in config {
        let refuse =
            |at: Location, what: &str| Err(file.refuse(at, &format!("{field}.config.{key}"), what));
        if key != "host" {
            return refuse(value.referenced, "unknown key, wasi:http knows: host");
        }
        let name = value.value;
        // Without a port, the whole text has to be the host.
        if host_of_authority(name.as_bytes()) != Some(name.as_bytes()) {
            let what = format!("`{name}` is not a host name (no port, no wildcard)");
            return refuse(value.referenced, &what);
        }
        host = Some(name);
    }
    Ok(host)
}
