//! The table of all routes: read for every request without a lock, replaced as
//! a whole when a workload starts or stops. Hosts that did not change are shared
//! between the old table and the new one.

use super::paths::Paths;
use super::{Refusal, asked_host};
use arc_swap::ArcSwap;
use http::Request;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Where something is reached: a host (all that nobody else claims, if absent)
/// and a path prefix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) host: Option<String>,
    pub(crate) path: String,
}

/// Routes requests to what was put in under their host and path.
pub(crate) struct Table<T> {
    routes: ArcSwap<Routes<T>>,
    /// Held while the table is changed.
    changing: Mutex<()>,
}

struct Routes<T> {
    /// By name in lower case, without a dot at the end.
    hosts: HashMap<Box<[u8]>, Arc<Host<T>>>,
    others: Option<Arc<Host<T>>>,
}

impl<T> Clone for Routes<T> {
    fn clone(&self) -> Self {
        Self { hosts: self.hosts.clone(), others: self.others.clone() }
    }
}

/// Everything that answers for one host.
struct Host<T> {
    paths: Paths<usize>,
    prefixes: BTreeMap<String, Replicas<T>>,
    /// As in `paths`.
    ordered: Vec<Arc<Turn<T>>>,
}

/// Those that answer for the same host and path, in turn.
type Replicas<T> = Vec<T>;

struct Turn<T> {
    replicas: Replicas<T>,
    next: AtomicUsize,
}

impl<T: Clone + PartialEq> Table<T> {
    pub(crate) fn new() -> Self {
        let routes = Routes { hosts: HashMap::new(), others: None };
        Self { routes: ArcSwap::from_pointee(routes), changing: Mutex::new(()) }
    }

    /// Decides about one request.
    pub(crate) fn find<B>(&self, request: &Request<B>) -> Result<T, Refusal> {
        let asked = asked_host(request)?;
        let routes = self.routes.load();
        let host = asked.and_then(|asked| routes.host(asked)).or(routes.others.as_deref());
        let host = host.ok_or(Refusal::UnknownHost)?;
        host.find(request.uri().path()).ok_or(Refusal::UnknownPath)
    }

    /// Adds all of these. Where something is already reached, they answer in turn.
    pub(crate) fn add(&self, entries: &[(Key, T)]) {
        self.change(entries, |replicas, entry| replicas.push(entry.clone()));
    }

    /// Takes all of these out.
    pub(crate) fn remove(&self, entries: &[(Key, T)]) {
        self.change(entries, |replicas, entry| replicas.retain(|other| other != entry));
    }

    fn change(&self, entries: &[(Key, T)], change: impl Fn(&mut Replicas<T>, &T)) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut routes = Routes::clone(&self.routes.load());
        let mut by_host: BTreeMap<Option<&str>, Vec<(&str, &T)>> = BTreeMap::new();
        for (key, entry) in entries {
            by_host.entry(key.host.as_deref()).or_default().push((&key.path, entry));
        }
        for (host, entries) in by_host {
            let name = host.map(|host| canonical(host.as_bytes()));
            let now = match &name {
                Some(name) => routes.hosts.get(name),
                None => routes.others.as_ref(),
            };
            let mut prefixes = now.map(|now| now.prefixes.clone()).unwrap_or_default();
            for (path, entry) in entries {
                change(prefixes.entry(path.to_owned()).or_default(), entry);
            }
            prefixes.retain(|_, replicas| !replicas.is_empty());
            let next = (!prefixes.is_empty()).then(|| Arc::new(Host::new(prefixes)));
            match (name, next) {
                (Some(name), Some(next)) => drop(routes.hosts.insert(name, next)),
                (Some(name), None) => drop(routes.hosts.remove(&name)),
                (None, next) => routes.others = next,
            }
        }
        self.routes.store(Arc::new(routes));
    }
}

impl<T> Routes<T> {
    fn host(&self, asked: &[u8]) -> Option<&Host<T>> {
        let is_canonical =
            !asked.ends_with(b".") && !asked.iter().any(|byte| byte.is_ascii_uppercase());
        let found = match is_canonical {
            true => self.hosts.get(asked),
            false => self.hosts.get(&canonical(asked)),
        };
        found.map(Arc::as_ref)
    }
}

impl<T: Clone> Host<T> {
    fn new(prefixes: BTreeMap<String, Replicas<T>>) -> Self {
        let mut paths = Paths::new();
        let mut ordered = Vec::with_capacity(prefixes.len());
        for (prefix, replicas) in &prefixes {
            if paths.insert(prefix, ordered.len()) {
                let turn = Turn { replicas: replicas.clone(), next: AtomicUsize::new(0) };
                ordered.push(Arc::new(turn));
            }
        }
        Self { paths, prefixes, ordered }
    }

    fn find(&self, path: &str) -> Option<T> {
        let turn = self.ordered.get(*self.paths.find(path)?)?;
        match turn.replicas.as_slice() {
            [one] => Some(one.clone()),
            several => {
                let next = turn.next.fetch_add(1, Relaxed) % several.len().max(1);
                several.get(next).cloned()
            }
        }
    }
}

/// DNS names ignore case, and a dot at the end only says that one is complete.
fn canonical(host: &[u8]) -> Box<[u8]> {
    host.strip_suffix(b".").unwrap_or(host).to_ascii_lowercase().into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HOST;

    fn key(host: Option<&str>, path: &str) -> Key {
        Key { host: host.map(str::to_owned), path: path.to_owned() }
    }

    fn find(table: &Table<u32>, host: &str, path: &str) -> Result<u32, Refusal> {
        table.find(&Request::get(path).header(HOST, host).body(()).expect("a valid request"))
    }

    #[test]
    fn host_then_longest_path() {
        let table = Table::new();
        table.add(&[(key(Some("A.test."), "/"), 1), (key(Some("a.test"), "/x"), 2)]);
        assert_eq!(find(&table, "a.TEST:80", "/xy"), Ok(1));
        assert_eq!(find(&table, "a.test", "/x/y?z"), Ok(2));
        assert_eq!(find(&table, "b.test", "/"), Err(Refusal::UnknownHost));
        table.add(&[(key(None, "/only"), 3)]);
        assert_eq!(find(&table, "b.test", "/only"), Ok(3));
        assert_eq!(find(&table, "b.test", "/"), Err(Refusal::UnknownPath));
        table.remove(&[(key(Some("a.test"), "/x"), 2)]);
        assert_eq!(find(&table, "a.test", "/x/y"), Ok(1));
        table.remove(&[(key(Some("a.test"), "/"), 1)]);
        assert_eq!(find(&table, "a.test", "/"), Err(Refusal::UnknownPath));
    }

    #[test]
    fn replicas_take_turns() {
        let table = Table::new();
        table.add(&[(key(None, "/"), 1), (key(None, "/"), 2)]);
        let got: Vec<_> = (0..4).filter_map(|_| find(&table, "any", "/").ok()).collect();
        assert_eq!(got, [1, 2, 1, 2]);
        table.remove(&[(key(None, "/"), 1)]);
        assert_eq!(find(&table, "any", "/"), Ok(2));
    }
}
