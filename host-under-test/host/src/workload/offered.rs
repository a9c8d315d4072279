//! The one table of what this host offers, and of what a `hostInterfaces` entry
//! may ask of it. Says nothing about how it is offered.

use super::spec::WasiVersion::{self, P2, P3};

/// The newest patch of each generation of WASI that Wasmtime 48 carries.
const NEWEST_P2_PATCH: u64 = 12;
const NEWEST_P3_PATCH: u64 = 0;

/// A package of the namespace `wasi`.
pub(super) struct Package {
    pub(super) name: &'static str,
    versions: Versions,
    /// Each interface with the generations it exists in.
    interfaces: &'static [(&'static str, &'static [WasiVersion])],
    keys: Keys,
}

enum Versions {
    Wasi(&'static [WasiVersion]),
    /// Not part of WASI's releases.
    Only(&'static str),
}

/// What may be in `config`.
#[derive(Clone, Copy)]
pub(super) enum Keys {
    Nothing,
    Anything,
    Http,
    /// These, and what they mean is for the plugin to judge.
    Only(&'static [&'static str]),
    /// These for the host's own backends; a plugin component knows its own.
    OfBackend {
        own: &'static [&'static str],
        known: &'static [&'static str],
    },
}

const BOTH: &[WasiVersion] = &[P2, P3];

/// Packages of which a workload may have several instances, by name.
const NAMED: &[&str] = &["blobstore", "keyvalue"];

const PACKAGES: &[Package] = &[
    Package {
        name: "http",
        versions: Versions::Wasi(BOTH),
        interfaces: &[
            ("incoming-handler", &[P2]),
            ("outgoing-handler", &[P2]),
            ("handler", &[P3]),
            ("client", &[P3]),
            ("types", BOTH),
        ],
        keys: Keys::Http,
    },
    Package {
        name: "config",
        versions: Versions::Only("0.2.0-rc.1"),
        interfaces: &[("store", BOTH)],
        keys: Keys::Anything,
    },
    Package {
        name: "keyvalue",
        versions: Versions::Only("0.2.0-draft"),
        interfaces: &[("store", BOTH), ("atomics", BOTH)],
        keys: Keys::OfBackend {
            own: &["memory", "filesystem", "redis"],
            known: &["backend", "component", "folder", "maxBytes", "url"],
        },
    },
    Package {
        name: "blobstore",
        versions: Versions::Only("0.2.0-draft"),
        interfaces: &[("blobstore", BOTH), ("container", BOTH), ("types", BOTH)],
        keys: Keys::Only(&["backend", "folder", "maxBytes"]),
    },
    Package {
        name: "logging",
        versions: Versions::Only("0.1.0-draft"),
        interfaces: &[("logging", BOTH)],
        keys: Keys::Only(&["level"]),
    },
    Package {
        name: "cli",
        versions: Versions::Wasi(BOTH),
        interfaces: &[
            ("environment", BOTH),
            ("exit", BOTH),
            ("run", BOTH),
            ("stdin", BOTH),
            ("stdout", BOTH),
            ("stderr", BOTH),
            ("terminal-input", BOTH),
            ("terminal-output", BOTH),
            ("terminal-stdin", BOTH),
            ("terminal-stdout", BOTH),
            ("terminal-stderr", BOTH),
            ("types", &[P3]),
        ],
        keys: Keys::Nothing,
    },
    Package {
        name: "io",
        versions: Versions::Wasi(&[P2]),
        interfaces: &[("error", &[P2]), ("poll", &[P2]), ("streams", &[P2])],
        keys: Keys::Nothing,
    },
    Package {
        name: "clocks",
        versions: Versions::Wasi(BOTH),
        interfaces: &[
            ("monotonic-clock", BOTH),
            ("wall-clock", &[P2]),
            ("system-clock", &[P3]),
            ("types", &[P3]),
        ],
        keys: Keys::Nothing,
    },
    Package {
        name: "random",
        versions: Versions::Wasi(BOTH),
        interfaces: &[("random", BOTH), ("insecure", BOTH), ("insecure-seed", BOTH)],
        keys: Keys::Nothing,
    },
    Package {
        name: "sockets",
        versions: Versions::Wasi(&[P2]),
        interfaces: &[
            ("instance-network", &[P2]),
            ("network", &[P2]),
            ("tcp", &[P2]),
            ("tcp-create-socket", &[P2]),
        ],
        keys: Keys::Nothing,
    },
    Package {
        name: "filesystem",
        versions: Versions::Wasi(BOTH),
        interfaces: &[("types", BOTH), ("preopens", BOTH)],
        keys: Keys::Nothing,
    },
];

/// What wasmCloud's host has and this one does not have so far.
const LATER: &[(&str, &str)] = &[("wasmcloud", "messaging")];

/// Finds a package by name, or says which there are.
pub(super) fn package(namespace: &str, name: &str) -> Result<&'static Package, String> {
    let offered = PACKAGES.iter().find(|package| namespace == "wasi" && package.name == name);
    offered.ok_or_else(|| {
        let yet = if LATER.contains(&(namespace, name)) { " yet" } else { "" };
        let names: Vec<_> = PACKAGES.iter().map(|p| format!("wasi:{}", p.name)).collect();
        format!("this host does not offer {namespace}:{name}{yet}, only {}", listed(&names, "and"))
    })
}

impl Package {
    /// The generation that a version belongs to; `None` if it is of none.
    pub(super) fn version(&self, text: &str) -> Result<Option<WasiVersion>, String> {
        let (found, expected) = match self.versions {
            Versions::Only(only) => ((text == only).then_some(None), only.to_owned()),
            Versions::Wasi(generations) => {
                let found = generation(text).filter(|found| generations.contains(found)).map(Some);
                let ranges: Vec<_> = generations.iter().map(|g| range(*g)).collect();
                (found, listed(&ranges, "or"))
            }
        };
        let name = self.name;
        found.ok_or_else(|| format!("wasi:{name} {text} is not offered, expected {expected}"))
    }

    /// Whether the package has this interface, in this version if one is given
    /// (with its text).
    pub(super) fn interface(
        &self,
        name: &str,
        version: Option<(WasiVersion, &str)>,
    ) -> Result<(), String> {
        let package = self.name;
        let Some((_, generations)) = self.interfaces.iter().find(|(known, _)| *known == name)
        else {
            let known: Vec<_> = self.interfaces.iter().map(|(n, g)| self.described(n, g)).collect();
            return Err(format!(
                "wasi:{package}/{name} is not offered, expected {}",
                listed(&known, "or")
            ));
        };
        match version {
            Some((version, text)) if !generations.contains(&version) => {
                Err(format!("wasi:{package}/{name} does not exist in version {text}"))
            }
            _ => Ok(()),
        }
    }

    /// Whether there may be several of it, told apart by name.
    pub(super) fn is_named(&self) -> bool {
        NAMED.contains(&self.name)
    }

    /// What may be in `config`.
    pub(super) fn keys(&self) -> Keys {
        self.keys
    }

    fn described(&self, interface: &str, generations: &[WasiVersion]) -> String {
        match (&self.versions, generations) {
            (Versions::Wasi([_, _]), [P2]) => format!("{interface} (0.2)"),
            (Versions::Wasi([_, _]), [P3]) => format!("{interface} (0.3)"),
            _ => interface.to_owned(),
        }
    }
}

fn generation(text: &str) -> Option<WasiVersion> {
    let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    match parts?.as_slice() {
        [0, 2, 0..=NEWEST_P2_PATCH] => Some(P2),
        [0, 3, 0..=NEWEST_P3_PATCH] => Some(P3),
        _ => None,
    }
}

fn range(generation: WasiVersion) -> String {
    match generation {
        P2 => format!("0.2.0 to 0.2.{NEWEST_P2_PATCH}"),
        P3 => format!("0.3.{NEWEST_P3_PATCH}"),
    }
}

/// `a, b or c`.
fn listed(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
