//! The audit log: every attempt to write. It must not forget one.

use crate::encoding;
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::Timestamp;
use sqlx::SqliteConnection;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was not permitted, or not right.
    Refused,
    /// It could not be done.
    Failed,
}

impl AuditOutcome {
    /// The word used everywhere.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// An attempt to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: the name of a token, `nobody`, `github` or `command line`.
    pub actor: String,
    /// What.
    pub action: String,
    /// About what.
    pub subject: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why, or what came of it.
    pub detail: String,
}

/// Longer texts are cut: they come from outside.
const MOST_CHARS: usize = 1000;

impl Store {
    /// Writes an attempt down.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let doing = "writing the audit log";
        let mut db = self.writing(doing).await?;
        insert(&mut db, entry).await.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))
    }

    /// The newest attempts, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit_log(&self, most: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let mut db = self.reading().await?;
        let entries = read(&mut db, most).await;
        entries.map_err(self.fault("reading the audit log"))
    }
}

pub(super) async fn insert(db: &mut SqliteConnection, entry: &AuditEntry) -> Result<(), Fault> {
    let at_ns = encoding::timestamp_ns("at", entry.at)?;
    let cut = |text: &str| text.chars().take(MOST_CHARS).collect::<String>();
    let (actor, action) = (cut(&entry.actor), cut(&entry.action));
    let (subject, detail) = (cut(&entry.subject), cut(&entry.detail));
    let outcome = entry.outcome.word();
    sqlx::query!(
        "INSERT INTO audit (at_ns, actor, action, subject, outcome, detail)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        at_ns,
        actor,
        action,
        subject,
        outcome,
        detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn read(db: &mut SqliteConnection, most: u32) -> Result<Vec<AuditEntry>, Fault> {
    let rows = sqlx::query!(
        "SELECT at_ns, actor, action, subject, outcome, detail FROM audit ORDER BY id DESC LIMIT ?1",
        most,
    )
    .fetch_all(db)
    .await?;
    let outcome = |word: &str| {
        let all = [AuditOutcome::Done, AuditOutcome::Refused, AuditOutcome::Failed];
        let found = all.into_iter().find(|outcome| outcome.word() == word);
        found.ok_or_else(|| Fault::Damaged(format!("an audited outcome is `{word}`")))
    };
    rows.into_iter()
        .map(|row| {
            Ok(AuditEntry {
                at: encoding::timestamp(row.at_ns)?,
                outcome: outcome(&row.outcome)?,
                actor: row.actor,
                action: row.action,
                subject: row.subject,
                detail: row.detail,
            })
        })
        .collect()
}
