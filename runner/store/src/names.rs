//! Rows that repeat, remembered while many runs are written or read: looking
//! one up costs more than storing the number that needs it. What is remembered
//! holds inside one transaction and must not outlive it.

use crate::error::Fault;
use crate::{dimension, encoding};
use model::{Cell, Digest};
use sqlx::SqliteConnection;
use std::collections::HashMap;

/// Rows found or made by a writing transaction.
#[derive(Debug, Default)]
pub(crate) struct Known {
    cells: HashMap<Cell, i64>,
    definitions: HashMap<(Digest, Digest), i64>,
    metrics: HashMap<String, i64>,
    reasons: HashMap<String, i64>,
    series: HashMap<(i64, i64, i64), i64>,
}

impl Known {
    /// The row of what a block measures.
    pub(crate) async fn cell(
        &mut self,
        db: &mut SqliteConnection,
        cell: &Cell,
    ) -> Result<i64, Fault> {
        if let Some(row) = self.cells.get(cell) {
            return Ok(*row);
        }
        let row = dimension::cell(db, cell).await?;
        self.cells.insert(cell.clone(), row);
        Ok(row)
    }

    /// The row of a suite's and a definition's digests.
    pub(crate) async fn definition(
        &mut self,
        db: &mut SqliteConnection,
        suite: Digest,
        definition: Digest,
    ) -> Result<i64, Fault> {
        if let Some(row) = self.definitions.get(&(suite, definition)) {
            return Ok(*row);
        }
        let row = dimension::definition(db, suite, definition).await?;
        self.definitions.insert((suite, definition), row);
        Ok(row)
    }

    /// The row of a metric's name.
    pub(crate) async fn metric(
        &mut self,
        db: &mut SqliteConnection,
        name: &str,
    ) -> Result<i64, Fault> {
        if let Some(row) = self.metrics.get(name) {
            return Ok(*row);
        }
        let row = dimension::metric(db, name).await?;
        self.metrics.insert(name.to_owned(), row);
        Ok(row)
    }

    /// The row of a sentence.
    pub(crate) async fn reason(
        &mut self,
        db: &mut SqliteConnection,
        text: &str,
    ) -> Result<i64, Fault> {
        if let Some(row) = self.reasons.get(text) {
            return Ok(*row);
        }
        let row = dimension::reason(db, text).await?;
        self.reasons.insert(text.to_owned(), row);
        Ok(row)
    }

    /// The row of a cell's metric on a testbed.
    pub(crate) async fn series(
        &mut self,
        db: &mut SqliteConnection,
        cell: i64,
        metric_name: &str,
        testbed: i64,
    ) -> Result<i64, Fault> {
        let metric = self.metric(&mut *db, metric_name).await?;
        if let Some(row) = self.series.get(&(cell, metric, testbed)) {
            return Ok(*row);
        }
        let row = dimension::series(db, cell, metric, testbed).await?;
        self.series.insert((cell, metric, testbed), row);
        Ok(row)
    }
}

/// What rows stand for, for reading.
#[derive(Debug, Default)]
pub(crate) struct Names {
    cells: HashMap<i64, Cell>,
    definitions: HashMap<i64, (Digest, Digest)>,
    metrics: HashMap<i64, String>,
    reasons: HashMap<i64, String>,
}

impl Names {
    /// Everything that blocks of this moment may refer to.
    pub(crate) async fn load(db: &mut SqliteConnection) -> Result<Self, Fault> {
        let mut names = Self::default();
        let cells = sqlx::query!(r#"SELECT id AS "id!", target, suite, benchmark, arm FROM cell"#);
        for row in cells.fetch_all(&mut *db).await? {
            let cell = Cell {
                target: row.target,
                suite: row.suite,
                benchmark: row.benchmark,
                arm: row.arm,
            };
            names.cells.insert(row.id, cell);
        }
        let definitions =
            sqlx::query!(r#"SELECT id AS "id!", suite_sha256, definition_sha256 FROM definition"#);
        for row in definitions.fetch_all(&mut *db).await? {
            let suite = encoding::digest(&row.suite_sha256)?;
            let definition = encoding::digest(&row.definition_sha256)?;
            names.definitions.insert(row.id, (suite, definition));
        }
        let metrics = sqlx::query!(r#"SELECT id AS "id!", name FROM metric"#);
        for row in metrics.fetch_all(&mut *db).await? {
            names.metrics.insert(row.id, row.name);
        }
        let reasons = sqlx::query!(r#"SELECT id AS "id!", text FROM reason"#);
        for row in reasons.fetch_all(&mut *db).await? {
            names.reasons.insert(row.id, row.text);
        }
        Ok(names)
    }

    pub(crate) fn cell(&self, row: i64) -> Result<&Cell, Fault> {
        self.cells.get(&row).ok_or_else(|| missing("cell", row))
    }

    /// Digests of the suite and of the definition.
    pub(crate) fn definition(&self, row: i64) -> Result<(Digest, Digest), Fault> {
        self.definitions.get(&row).copied().ok_or_else(|| missing("definition", row))
    }

    pub(crate) fn metric(&self, row: i64) -> Result<&str, Fault> {
        self.metrics.get(&row).map(String::as_str).ok_or_else(|| missing("metric", row))
    }

    pub(crate) fn reason(&self, row: i64) -> Result<&str, Fault> {
        self.reasons.get(&row).map(String::as_str).ok_or_else(|| missing("reason", row))
    }
}

fn missing(table: &str, row: i64) -> Fault {
    Fault::Damaged(format!("there is no {table} {row}"))
}
