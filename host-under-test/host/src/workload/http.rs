//! Which requests a component answers: hosts, path prefix and handlers, out of
//! the `wasi:http` entries of the workload and of the component.

use super::interfaces::Entry;
use super::source::Field;
use super::spec::{HttpSpec, WasiVersion};
use super::syntax;
use super::wire::TextMap;
use crate::error::Result;
use crate::hostname::{canonical, host_of_authority};
use serde_saphyr::Location;
use std::collections::BTreeMap;

const HOST: &str = "host";
/// wasmCloud's name.
const ALIASES: &str = "host-aliases";
const PATH: &str = "path";

/// What `config` may hold in the list of a workload.
pub(super) const WORKLOAD_KEYS: &[&str] = &[HOST, ALIASES];
/// What it may hold in the list of a component.
pub(super) const COMPONENT_KEYS: &[&str] = &[HOST, ALIASES, PATH];

/// What a component answers, and where that is written.
pub(super) struct Route<'a> {
    pub(super) http: HttpSpec,
    field: Field<'a>,
    at: Location,
}

/// The requests of one component, which is at `component`; none without
/// `wasi:http` in its list or the workload's.
///
/// Its own entry goes before the workload's: for the handlers, for the path, and
/// for host and aliases together (one of them alone would silently keep names
/// that were given to others).
pub(super) fn route<'a>(
    shared: &[Entry<'a>],
    own: &[Entry<'a>],
    component: (&Field<'a>, Location),
) -> Result<Option<Route<'a>>> {
    let is_http = |entry: &&Entry| entry.spec.is_of("wasi", "http");
    let own = own.iter().find(is_http);
    let shared = shared.iter().find(is_http);
    let Some(entry) = own.or(shared) else { return Ok(None) };
    let has_names = |entry: &&Entry| [HOST, ALIASES].iter().any(|k| entry.config.contains_key(*k));
    let (host, aliases) = match own.filter(has_names).or(shared) {
        Some(named) => hosts(&named.field.field("config"), &named.config)?,
        None => (None, Vec::new()),
    };
    let (path, field, at) = match entry.config.get(PATH) {
        None => ("/".to_owned(), component.0.clone(), component.1),
        Some(text) => {
            let field = entry.field.field("config").field(PATH);
            let path = syntax::path_prefix(&text.value);
            (path.map_err(|e| field.refuse(text.referenced, e))?, field, text.referenced)
        }
    };
    let versions = versions(entry);
    if versions.is_empty() {
        let what = "no handler is listed: add incoming-handler (0.2) or handler (0.3)";
        return Err(entry.field.field("interfaces").refuse(entry.at, what));
    }
    Ok(Some(Route { http: HttpSpec { host, aliases, path, versions }, field, at }))
}

/// Refuses two components that answer the same requests. A named host goes
/// before "all hosts", so those two do not conflict.
pub(super) fn check_conflicts(routes: &[Route]) -> Result<()> {
    let mut taken: BTreeMap<(&str, Option<String>), &Route> = BTreeMap::new();
    for route in routes {
        let names: Vec<Option<&str>> = match route.http.host {
            Some(_) => route.http.hosts().map(Some).collect(),
            None => vec![None],
        };
        for name in names {
            let key = (route.http.path.as_str(), name.map(canonical));
            let Some(earlier) = taken.insert(key, route) else { continue };
            let what = format!(
                "{} with path {} is already answered by {} (line {}): give each component its \
                 own path",
                name.map_or("every host".to_owned(), |name| format!("host {name}")),
                route.http.path,
                earlier.field.path(),
                earlier.at.line()
            );
            return Err(route.field.refuse(route.at, what));
        }
    }
    Ok(())
}

/// Refuses handlers that nothing answers for.
pub(super) fn check_unused(shared: &[Entry]) -> Result<()> {
    let http = shared.iter().find(|entry| entry.spec.is_of("wasi", "http"));
    match http {
        Some(entry) if !versions(entry).is_empty() || !entry.config.is_empty() => {
            let what = "there is no component to answer requests: list only what the service uses";
            Err(entry.field.refuse(entry.at, what))
        }
        _ => Ok(()),
    }
}

fn versions(entry: &Entry) -> Vec<WasiVersion> {
    let lists = |name: &str| entry.spec.interfaces.iter().any(|listed| listed == name);
    [WasiVersion::P2, WasiVersion::P3].into_iter().filter(|v| lists(v.handler())).collect()
}

fn hosts(field: &Field, config: &TextMap) -> Result<(Option<String>, Vec<String>)> {
    let host = match config.get(HOST) {
        None => None,
        Some(text) => {
            check_host(&text.value).map_err(|e| field.field(HOST).refuse(text.referenced, e))?;
            Some(text.value.clone())
        }
    };
    let Some(text) = config.get(ALIASES) else { return Ok((host, Vec::new())) };
    let field = field.field(ALIASES);
    let refuse = |what: String| field.refuse(text.referenced, what);
    let Some(first) = &host else {
        return Err(refuse("has no meaning without `host`".to_owned()));
    };
    let mut aliases: Vec<String> = Vec::new();
    for alias in text.value.split(',').map(str::trim) {
        check_host(alias).map_err(refuse)?;
        if [first].into_iter().chain(&aliases).any(|name| canonical(name) == canonical(alias)) {
            return Err(refuse(format!("`{alias}` is listed twice")));
        }
        aliases.push(alias.to_owned());
    }
    Ok((host, aliases))
}

fn check_host(name: &str) -> std::result::Result<(), String> {
    // Without a port, the whole text has to be the host.
    if host_of_authority(name.as_bytes()) == Some(name.as_bytes()) {
        return Ok(());
    }
    Err(format!("`{name}` is not a host name (no port, no wildcard)"))
}
