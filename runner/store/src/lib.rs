//! The database: one SQLite file holding every run, its raw samples and its
//! failures. This is the only crate that names sqlx or SQL.
//!
//! It stores and returns `model` values unchanged. It must not derive a
//! statistic, know a unit, start a process or read a clock, and it never
//! updates or deletes what a run recorded. What the service keeps beside results
//! (tokens, the audit log, jobs) is in `service`.
//!
//! Entry points: [`Store::open`] to write, [`Store::open_read_only`] to read,
//! [`Store::begin_run`] for a runner, [`Store::importing`] for bundles,
//! [`Store::history`], [`Store::runs`] and [`Store::run`] for readers. All of them need a tokio runtime with its clock enabled.

mod block;
mod cells;
mod check;
mod connect;
mod dimension;
mod encoding;
mod error;
mod failed_build;
mod head;
mod history;
mod import;
mod list;
mod lock;
mod names;
mod open;
mod run;
mod samples;
mod schema;
mod service;
mod summary;
mod versions;
mod writer;

pub use cells::StoredArm;
pub use error::StoreError;
pub use history::History;
pub use import::{Imported, Importer};
pub use list::{RunSummary, RunVersion};
pub use open::Store;
pub use service::{
    AuditEntry, AuditOutcome, Finished, Job, JobEvent, JobKind, JobStatus, Lease, LeaseRequest,
    NewJob, NewToken, Scope, Token, Upload, UploadRequest, Watch,
};
pub use versions::{FailedBuildSummary, VersionSummary};
pub use writer::RunWriter;
