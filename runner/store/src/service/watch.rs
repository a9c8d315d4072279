//! Whether somebody else wrote to the database. It must not tell what.

use crate::error::StoreError;
use crate::open::Store;
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;

/// Looks for changes; it keeps a connection of its own.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    connection: PoolConnection<Sqlite>,
    last: i64,
}

impl Store {
    /// Begins to look for changes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn watch(&self) -> Result<Watch, StoreError> {
        let connection = self.connection().await?;
        let mut watch = Watch { store: self.clone(), connection, last: 0 };
        watch.changed().await?;
        Ok(watch)
    }
}

impl Watch {
    /// Whether any other connection committed something since this was last asked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changed(&mut self) -> Result<bool, StoreError> {
        // Unchecked: the macros know tables, not pragmas.
        let asked =
            sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *self.connection).await;
        let now: i64 =
            asked.map_err(|error| self.store.fault("looking for changes")(error.into()))?;
        Ok(std::mem::replace(&mut self.last, now) != now)
    }
}
