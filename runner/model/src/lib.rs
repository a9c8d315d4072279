//! The vocabulary of the project: what a suite, a target, a run, a block and
//! a metric are, and the files they are written in.
//!
//! This crate reads text and checks it. It must not open a database or a
//! socket, start a process, read a clock or decide anything statistical.

mod annotation;
mod aspect;
pub mod bundle;
pub mod config;
mod diagnostic;
mod digest;
mod histogram;
mod metric;
mod run;
mod schema;
mod spanned;
mod suggestion;
mod suite;
mod testbed;
mod version;
mod version_range;

pub use annotation::{Annotation, Moment};
pub use aspect::Aspect;
pub use config::{
    BoardSpec, Budget, Calibrate, Config, CrateSource, Drift, FirmwareSpec, Gate, GitHubConfig,
    Goal, Launch, MailConfig, MailSecurity, Margins, NoiseWatch, OptionSpec, Origin, Planted,
    Profile, ProfileName, Publication, Ready, Rule, Selector, SeriesName, ServiceConfig,
    SiteConfig, Supported, Target, Variant, Waiver,
};
pub use diagnostic::Diagnostic;
pub use digest::{Digest, Hasher};
pub use histogram::LatencyHistogram;
pub use metric::{Direction, METRICS, Metric, Source, Unit};
pub use run::{
    Absent, Artifact, Block, Cell, Extent, FailedBuild, Invalid, Label, Measurements, Outcome,
    Place, Run, RunId, RunStatus, VersionId,
};
pub use schema::{SCHEMAS, schema};
pub use suggestion::nearest;
pub use suite::{
    Arm, Component, Driver, Exchange, Expect, ExpectBody, Fires, Firmware, FirstFailure, HttpLoad,
    InputFile, NoiseClass, Part, ProcessSpec, Program, Request, RequestBody, Role, SlopeSpec,
    Suite, Task,
};
pub use testbed::Testbed;
pub use version::{Declared, ReleaseSpec, TargetVersion, VersionError, VersionSpec};
pub use version_range::{TargetRange, VersionRange, Versions};
