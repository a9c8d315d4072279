//! Suites: one question, told in `why`, with its benchmarks and the answers
//! that prove them right. Parameters are expanded here, so that everybody
//! else sees a flat list of arms. It must not run anything.

use crate::diagnostic::Diagnostic;
use crate::digest::{Digest, Hasher};
use crate::metric::Metric;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

mod component;
mod driver;
mod expand;
mod input;
mod process;
mod slope;
mod task;
mod wire;

pub use component::Component;
pub use driver::Driver;
pub use input::InputFile;
pub use process::{ProcessSpec, Program, Role};
pub use slope::SlopeSpec;
pub use task::{Fires, Firmware, FirstFailure, Part, Task};

/// A folder under `suites/`.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub dir: PathBuf,
    /// A heading.
    pub title: String,
    /// The question the suite answers, shown above its charts.
    pub why: String,
    /// Who looks after it.
    pub owner: String,
    /// Digest of every file in the folder and of the components it uses.
    pub sha256: Digest,
    /// Every arm of every benchmark, in the order they were written.
    pub arms: Vec<Arm>,
    /// What it wants told per step of a parameter.
    pub slopes: Vec<SlopeSpec>,
}

/// One way of running one benchmark: everything a driver needs to know.
#[derive(Debug, Clone)]
pub struct Arm {
    /// The benchmark's name.
    pub benchmark: String,
    /// The arm's name: `wasi=p2,code=compile`, or `default`.
    pub name: String,
    /// Parameters in the order they were written.
    pub parameters: Vec<(String, String)>,
    /// What measures it.
    pub driver: Driver,
    /// Capabilities a version must have.
    pub needs: Vec<String>,
    /// The workload handed to each host, in order; most arms have one host, and
    /// a host may need none.
    pub hosts: Vec<Option<InputFile>>,
    /// The processes beside the hosts, in the order they are started.
    pub processes: Vec<ProcessSpec>,
    /// The component the workload runs.
    pub component: Option<Component>,
    /// Every component it runs, that one included.
    pub components: Vec<Component>,
    /// How the host is to be started: an option's name and its value.
    pub options: Vec<(String, String)>,
    /// Whether the component is compiled before the clock starts.
    pub precompile: bool,
    /// What the driver does beside, or in place of, sending the request.
    pub task: Task,
    /// The request every measurement sends.
    pub request: Request,
    /// The one right answer.
    pub expect: Expect,
    /// Further requests with their answers, which take turns with that one.
    pub further: Vec<Exchange>,
    /// How much load, for how long.
    pub load: HttpLoad,
    /// What the suite reports, the main metric first.
    pub metrics: Vec<&'static Metric>,
    /// How noisy its main metric is known to be.
    pub noise: NoiseClass,
    /// What one block of it may take, in seconds; it is stopped after that.
    pub budget_s: u32,
    /// Whether it belongs to the quick profile.
    pub quick: bool,
    /// Whether it is the floor of its benchmark: measured on the anchor only.
    pub floor: bool,
    /// Digest of everything above that defines the numbers.
    pub definition_sha256: Digest,
    /// The suite's folder.
    pub dir: PathBuf,
    /// The folder of the committed components.
    pub components_dir: PathBuf,
}

/// What dominates the noise of the main metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseClass {
    /// Wall-clock time: whatever else the machine does.
    Wall,
    /// CPU time: caches and frequency.
    Cpu,
    /// Exact: the same input gives the same number.
    Exact,
}

/// A request and its one right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The one right answer.
    pub expect: Expect,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Value of the Host header; the bound address when absent.
    pub host: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: RequestBody,
}

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// This text.
    Text(String),
    /// Generated: byte `i` is `i` modulo 251.
    Pattern {
        /// Bytes.
        bytes: u64,
    },
}

/// The one right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Status code.
    pub status: u16,
    /// Body.
    pub body: ExpectBody,
    /// Headers that must be there with these values.
    pub headers: Vec<(String, String)>,
}

/// The right body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectBody {
    /// These very bytes.
    Exactly(String),
    /// Bytes with this digest.
    Sha256(Digest),
    /// Generated: byte `i` is `i` modulo 251.
    Pattern {
        /// Bytes.
        bytes: u64,
    },
}

/// How much load a driver puts on the host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HttpLoad {
    /// Connections kept busy, or at hand for arrivals.
    pub connections: u32,
    /// Load before the measured part, in milliseconds.
    pub warmup_ms: u64,
    /// Measured part, in milliseconds; whole 100 ms slices.
    pub measure_ms: u64,
    /// Open loop: arrivals per second.
    pub rate_rps: Option<f64>,
    /// Open loop, in place of a rate: this part, 0 to 1, of what a closed loop
    /// over the same connections reaches on the same host just before.
    pub saturation_share: Option<f64>,
    /// Driver `instructions`: how many requests a simulated processor counts;
    /// its own number when absent.
    pub simulated_requests: Option<u32>,
}

/// The schema of `suite.toml`.
pub(crate) fn schema(generator: SchemaGenerator) -> Schema {
    wire::schema(generator)
}

impl Suite {
    /// Reads `suites/NAME/suite.toml` and the files it refers to; components
    /// that come out of a recipe are, or will be, in the folder `large`.
    ///
    /// # Errors
    /// Names file and line of the first thing that is wrong.
    pub fn load(suites: &Path, large: &Path, name: &str) -> Result<Self, Diagnostic> {
        wire::load(suites, large, name)
    }

    /// The names of all suites: folders with a `suite.toml`, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(suites: &Path) -> Result<Vec<String>, Diagnostic> {
        let entries = std::fs::read_dir(suites).map_err(|e| Diagnostic::unreadable(suites, &e))?;
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().join("suite.toml").is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The names of its benchmarks, in order.
    pub fn benchmarks(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for arm in &self.arms {
            if !names.contains(&arm.benchmark.as_str()) {
                names.push(&arm.benchmark);
            }
        }
        names
    }

    /// The arm of that name.
    pub fn arm(&self, benchmark: &str, name: &str) -> Option<&Arm> {
        self.arms.iter().find(|arm| arm.benchmark == benchmark && arm.name == name)
    }

    /// The arms of one benchmark.
    pub fn arms_of<'a>(&'a self, benchmark: &'a str) -> impl Iterator<Item = &'a Arm> {
        self.arms.iter().filter(move |arm| arm.benchmark == benchmark)
    }
}

impl Arm {
    /// Its value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether several versions can be measured in turns of milliseconds: what waits
    /// for answers, and need not go on while another version is asked.
    pub fn can_take_turns(&self) -> bool {
        matches!(self.driver, Driver::HttpLatency | Driver::HttpThroughput)
            && matches!(self.task, Task::Ask)
            && self.noise != NoiseClass::Exact
    }

    /// The definition of a block that was measured in turns: other numbers than those
    /// of one that has the machine to itself, and another history.
    pub fn definition_in_turns(&self) -> Digest {
        let definition = self.definition_sha256.to_string();
        Hasher::default().part("definition", definition).part("measured", "in turns").finish()
    }
}

impl NoiseClass {
    /// The word used in suites.
    pub fn word(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
            Self::Exact => "exact",
        }
    }
}

impl Expect {
    /// Of an arm whose driver does not ask; nobody compares with it.
    fn nothing() -> Self {
        Self { status: 200, body: ExpectBody::Exactly(String::new()), headers: Vec::new() }
    }
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            host: None,
            headers: Vec::new(),
            body: RequestBody::Text(String::new()),
        }
    }
}

impl Default for HttpLoad {
    fn default() -> Self {
        Self {
            connections: 1,
            warmup_ms: 200,
            measure_ms: 1000,
            rate_rps: None,
            saturation_share: None,
            simulated_requests: None,
        }
    }
}
