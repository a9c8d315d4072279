//! Looking after the file: is it sound, and a copy of it. It must not repair.

use crate::error::{Fault, StoreError};
use crate::open::Store;
use sqlx::SqliteConnection;
use std::path::Path;

impl Store {
    /// Reads the whole file and checks every page, index and reference.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with the first finding.
    pub async fn check(&self) -> Result<(), StoreError> {
        let mut db = self.reading().await?;
        let finding = first_finding(&mut db).await.map_err(self.fault("checking"))?;
        match finding {
            None => Ok(()),
            Some(detail) => Err(StoreError::Corrupt { path: self.path().to_owned(), detail }),
        }
    }

    /// Writes a copy of the present moment to a file that must not exist yet,
    /// also while a runner is at work.
    ///
    /// # Errors
    /// When the copy exists already or cannot be written.
    pub async fn backup(&self, copy: &Path) -> Result<(), StoreError> {
        let cannot = |detail: String| StoreError::CannotOpen { path: copy.to_owned(), detail };
        let exists = copy.try_exists().map_err(|error| cannot(error.to_string()))?;
        if exists {
            return Err(cannot("it exists already; a backup never replaces a file".to_owned()));
        }
        let name = copy.to_str().ok_or_else(|| cannot("its name is not UTF-8".to_owned()))?;
        let mut db = self.connection().await?;
        let copied = sqlx::query("VACUUM INTO ?1").bind(name).execute(&mut *db).await;
        copied.map_err(|error| Fault::Sql(error).at(copy, "writing a backup"))?;
        Ok(())
    }
}

/// Unchecked queries: the macros know tables, not pragmas.
async fn first_finding(db: &mut SqliteConnection) -> Result<Option<String>, Fault> {
    let finding: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *db).await?;
    if finding != "ok" {
        return Ok(Some(finding));
    }
    let dangling: Option<(String, String)> =
        sqlx::query_as(r#"SELECT "table", parent FROM pragma_foreign_key_check LIMIT 1"#)
            .fetch_optional(db)
            .await?;
    Ok(dangling.map(|(child, parent)| {
        format!("a row of `{child}` refers to a row of `{parent}` that is not there")
    }))
}
