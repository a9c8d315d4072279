//! What jobs tell while they are at work. Writing it is the business of `leases`.

use crate::encoding;
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::Timestamp;

/// Something a job told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEvent {
    /// Rises from event to event.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

impl Store {
    /// What a job told after an event.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn job_events(&self, name: &str, after: i64) -> Result<Vec<JobEvent>, StoreError> {
        let mut db = self.reading().await?;
        let doing = "reading the events of a job";
        let rows = sqlx::query!(
            r#"SELECT e.id AS "id!", e.at_ns, e.text FROM job_event AS e JOIN job AS j ON j.id = e.job
            WHERE j.name = ?1 AND e.id > ?2 ORDER BY e.id LIMIT 1000"#,
            name,
            after,
        )
        .fetch_all(&mut *db)
        .await
        .map_err(|error| self.fault(doing)(error.into()))?;
        let event = |row: (i64, i64, String)| {
            Ok(JobEvent { id: row.0, at: encoding::timestamp(row.1)?, text: row.2 })
        };
        let events: Result<Vec<JobEvent>, Fault> =
            rows.into_iter().map(|row| event((row.id, row.at_ns, row.text))).collect();
        events.map_err(self.fault(doing))
    }
}
