//! The files of a new suite, as templates: `@NAME@` and the like are filled in. Guests in Rust
//! and JavaScript begin as copies of committed ones, which every CI run builds.

use crate::cli::{Language, Measure};
use std::path::{Path, PathBuf};

/// The suite itself.
pub(super) const SUITE: &str = include_str!("../../../templates/suite/suite.toml");
const ONE_WORKLOAD: &str = include_str!("../../../templates/suite/workload.yaml.j2");
const MANY_WORKLOADS: &str = include_str!("../../../templates/suite/workloads.yaml.j2");

/// Files of a guest that is made by a recipe: name and text.
pub(super) type Recipe = &'static [(&'static str, &'static str)];

/// Beside the script, those of a committed guest: they give the same bytes each time.
const PYTHON: Recipe = &[
    ("app.py", include_str!("../../../templates/suite/python/app.py")),
    ("build.py", include_str!("../../../../../suites/components/large/order-python-p2/build.py")),
    ("fixed.c", include_str!("../../../../../suites/components/large/order-python-p2/fixed.c")),
    (
        "requirements.txt",
        include_str!("../../../../../suites/components/large/order-python-p2/requirements.txt"),
    ),
];

const WAT: Recipe = &[
    ("build.mjs", include_str!("../../../templates/suite/wat/build.mjs")),
    ("guest.wat", include_str!("../../../templates/suite/wat/guest.wat")),
    ("package-lock.json", include_str!("../../../templates/suite/wat/package-lock.json")),
    ("package.json", include_str!("../../../templates/suite/wat/package.json")),
];

/// Where a guest's files come from.
pub(super) enum Guest {
    /// It is there.
    Committed,
    /// A copy of a folder of `suites/components`, with `from` replaced by the new name.
    Copy { folder: &'static str, from: &'static str },
    /// Written anew.
    Recipe(Recipe),
}

impl Language {
    pub(super) fn guest(self) -> Guest {
        match self {
            Self::Committed => Guest::Committed,
            Self::Rust => Guest::Copy { folder: "hello-p2", from: "hello-p2" },
            Self::Javascript => Guest::Copy { folder: "large/hello-js", from: "hello-js" },
            Self::Python => Guest::Recipe(PYTHON),
            Self::Wat => Guest::Recipe(WAT),
        }
    }

    /// The folder of a guest of that name, below `suites/components`.
    pub(super) fn folder(self, name: &str) -> PathBuf {
        match self {
            Self::Rust | Self::Committed => PathBuf::from(name),
            Self::Javascript | Self::Python | Self::Wat => Path::new("large").join(name),
        }
    }

    /// Whether the guest's engine wants what only a client needs, too.
    fn imports_client(self) -> bool {
        matches!(self, Self::Javascript | Self::Python)
    }
}

impl Measure {
    /// What a template is filled with, as pairs of placeholder and text.
    pub(super) fn fields(self, language: Language) -> Vec<(&'static str, String)> {
        let committed = language == Language::Committed;
        let wasi = if committed { r#"["p2", "p3"]"# } else { r#"["p2"]"# };
        let (benchmark, driver, metrics, noise) = self.words();
        let parameters = match self {
            Self::Density => {
                format!("parameters = {{ wasi = {wasi}, workloads = [\"1\", \"100\"] }}")
            }
            _ => format!("parameters = {{ wasi = {wasi} }}"),
        };
        let asking = match self {
            Self::Latency => {
                "request = { path = \"/\" }\nload = { warmup_ms = 200, measure_ms = 1000 }"
            }
            Self::Throughput => {
                "request = { path = \"/\" }\n\
                 load = { connections = 8, warmup_ms = 200, measure_ms = 1000 }"
            }
            Self::ColdStart | Self::Size => "request = { path = \"/\" }",
            Self::Density => "request = { host = \"w{index}.localhost\" }",
        };
        let interfaces = match language.imports_client() {
            true => "incoming-handler, outgoing-handler",
            false => r#"{{ "incoming-handler" if wasi == "p2" else "handler" }}"#,
        };
        vec![
            ("@BENCHMARK@", benchmark.to_owned()),
            ("@DRIVER@", driver.to_owned()),
            ("@METRICS@", metrics.to_owned()),
            ("@NOISE@", noise.to_owned()),
            ("@PARAMETERS@", parameters),
            ("@ASKING@", asking.to_owned()),
            ("@INTERFACES@", interfaces.to_owned()),
        ]
    }

    fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Latency => (
                "latency",
                "http-latency",
                r#""latency_p50_ns", "latency_p99_ns", "cpu_ns_per_request", "rss_peak_bytes""#,
                "wall",
            ),
            Self::Throughput => (
                "throughput",
                "http-throughput",
                r#""throughput_rps", "cpu_ns_per_request", "latency_p99_ns", "rss_peak_bytes""#,
                "wall",
            ),
            Self::ColdStart => (
                "first-answer",
                "cold-start",
                r#""cold_start_ns", "ready_ns", "cold_start_cpu_ns", "rss_peak_bytes""#,
                "wall",
            ),
            Self::Size => ("bytes", "size", r#""component_bytes", "binary_bytes""#, "exact"),
            Self::Density => {
                ("memory", "density", r#""pss_per_workload_bytes", "pss_bytes""#, "cpu")
            }
        }
    }

    pub(super) fn workload(self) -> &'static str {
        if self == Self::Density { MANY_WORKLOADS } else { ONE_WORKLOAD }
    }
}

/// Fills a template in; `fields` are pairs of placeholder and text.
pub(super) fn filled(template: &str, fields: &[(&str, String)]) -> String {
    fields.iter().fold(template.to_owned(), |text, (from, to)| text.replace(from, to))
}
