//! The service's own books: who may write, who did, what was uploaded, what is to
//! be done. It must not make secrets or read clocks; both are handed in.

mod audit;
mod events;
mod jobs;
mod leases;
mod messages;
mod queue;
mod tokens;
mod uploads;
mod watch;

pub use audit::{AuditEntry, AuditOutcome};
pub use events::JobEvent;
pub use jobs::{Job, JobKind, JobStatus, NewJob};
pub use leases::{Finished, Lease, LeaseRequest};
pub use tokens::{NewToken, Scope, Token};
pub use uploads::{Upload, UploadRequest};
pub use watch::Watch;
