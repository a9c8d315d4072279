//! The audit log's entries. It must not decide whether something is allowed.

use crate::app::App;
use crate::problem::Problem;
use jiff::Timestamp;
use store::{AuditEntry, AuditOutcome};

/// An attempt to write.
pub(crate) struct Attempt {
    actor: String,
    action: &'static str,
    subject: String,
}

impl Attempt {
    /// An attempt of nobody known.
    pub(crate) fn of(action: &'static str, subject: &str) -> Self {
        Self { actor: "nobody".to_owned(), action, subject: subject.to_owned() }
    }

    /// Who it was.
    pub(crate) fn by(self, actor: &str) -> Self {
        Self { actor: actor.to_owned(), ..self }
    }

    /// It was done.
    pub(crate) async fn done(self, app: &App, detail: &str) {
        self.write(app, AuditOutcome::Done, detail).await;
    }

    /// It was refused; gives back why.
    pub(crate) async fn refused(self, app: &App, problem: Problem) -> Problem {
        let is_failure = problem.status().is_server_error();
        let outcome = if is_failure { AuditOutcome::Failed } else { AuditOutcome::Refused };
        self.write(app, outcome, problem.detail()).await;
        problem
    }

    /// In the log as well: the database may be what failed.
    async fn write(self, app: &App, outcome: AuditOutcome, detail: &str) {
        let Self { actor, action, subject } = self;
        tracing::info!(actor, action, subject, outcome = outcome.word(), detail, "audit");
        let (at, detail) = (Timestamp::now(), detail.to_owned());
        let action = action.to_owned();
        let entry = AuditEntry { at, actor, action, subject, outcome, detail };
        if let Err(error) = app.store.audit(&entry).await {
            tracing::error!(error = %crate::problem::chain(&error), "the audit log was not written");
        }
    }
}
