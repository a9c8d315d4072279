//! What goes out or comes in once: notifications, deliveries of webhooks.

use crate::encoding;
use crate::error::StoreError;
use crate::open::Store;
use jiff::Timestamp;

impl Store {
    /// Notes a message; false when the same one was noted before.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn first_time(
        &self,
        kind: &str,
        once: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let doing = "noting a message";
        let mut db = self.writing(doing).await?;
        let now = encoding::timestamp_ns("at", now).map_err(self.fault(doing))?;
        let noted = sqlx::query!(
            "INSERT INTO message (kind, once, at_ns) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            kind,
            once,
            now,
        )
        .execute(&mut *db)
        .await
        .map_err(|error| self.fault(doing)(error.into()))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(noted.rows_affected() == 1)
    }

    /// Whether a message was noted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn was_noted(&self, kind: &str, once: &str) -> Result<bool, StoreError> {
        let mut db = self.reading().await?;
        let found = sqlx::query_scalar!(
            r#"SELECT id AS "id!" FROM message WHERE kind = ?1 AND once = ?2"#,
            kind,
            once,
        )
        .fetch_optional(&mut *db)
        .await;
        Ok(found.map_err(|error| self.fault("looking for a message")(error.into()))?.is_some())
    }
}
