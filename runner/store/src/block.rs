//! Blocks as rows: what was measured when, and what came of it. The values of
//! a measured block are the business of [`crate::samples`].

use crate::error::Fault;
use crate::head::HeadRows;
use crate::{dimension, encoding, samples};
use model::{Block, Cell, Label, Outcome};
use sqlx::SqliteConnection;
use std::collections::HashMap;

/// Stores a block that was validated and is not there yet.
pub(crate) async fn insert(
    db: &mut SqliteConnection,
    head: HeadRows,
    block: &Block,
) -> Result<(), Fault> {
    let cell = dimension::cell(&mut *db, &block.cell).await?;
    let definition =
        dimension::definition(&mut *db, block.suite_sha256, block.definition_sha256).await?;
    let (outcome, reason, log_tail) = match &block.outcome {
        Outcome::Measured(_) => ("measured", None, None),
        Outcome::Failed { reason, log_tail } => ("failed", Some(reason), Some(log_tail)),
        Outcome::Unsupported { reason } => ("unsupported", Some(reason), None),
    };
    let reason = match reason {
        Some(text) => Some(dimension::reason(&mut *db, text).await?),
        None => None,
    };
    // A position in a list of at most 10,000, as validation has it.
    let artifact = block.artifact as i64;
    let started_at_ns = encoding::timestamp_ns("block.started_at", block.started_at)?;
    let duration_ns = block.duration_ns.cast_signed();
    let row = sqlx::query!(
        "INSERT INTO block (run, ordinal, cell, artifact, round, definition, started_at_ns,
            duration_ns, outcome, reason, log_tail)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        head.run,
        block.ordinal,
        cell,
        artifact,
        block.round,
        definition,
        started_at_ns,
        duration_ns,
        outcome,
        reason,
        log_tail,
    )
    .execute(&mut *db)
    .await?
    .last_insert_rowid();
    insert_labels(&mut *db, row, &block.labels).await?;
    match &block.outcome {
        Outcome::Measured(measurements) => {
            samples::insert(db, row, cell, head.testbed, measurements).await
        }
        Outcome::Failed { .. } | Outcome::Unsupported { .. } => Ok(()),
    }
}

/// Whether a run has a block of that number.
pub(crate) async fn exists(
    db: &mut SqliteConnection,
    head: HeadRows,
    ordinal: u32,
) -> Result<bool, Fault> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM block WHERE run = ?1 AND ordinal = ?2",
        head.run,
        ordinal
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// All blocks of a run, by ordinal.
pub(crate) async fn load(db: &mut SqliteConnection, run: i64) -> Result<Vec<Block>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT b.id AS "id!", b.ordinal, b.artifact, b.round, b.started_at_ns, b.duration_ns,
            b.outcome, b.log_tail, r.text AS "reason?", c.target, c.suite, c.benchmark, c.arm,
            d.suite_sha256, d.definition_sha256
        FROM block AS b
        JOIN cell AS c ON c.id = b.cell
        JOIN definition AS d ON d.id = b.definition
        LEFT JOIN reason AS r ON r.id = b.reason
        WHERE b.run = ?1 ORDER BY b.ordinal"#,
        run,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut labels = load_labels(&mut *db, run).await?;
    let mut measured = samples::load(&mut *db, run).await?;
    rows.into_iter()
        .map(|row| {
            let outcome = match (row.outcome.as_str(), row.reason, row.log_tail) {
                ("measured", None, None) => {
                    Outcome::Measured(measured.remove(&row.id).unwrap_or_default())
                }
                ("failed", Some(reason), Some(log_tail)) => Outcome::Failed { reason, log_tail },
                ("unsupported", Some(reason), None) => Outcome::Unsupported { reason },
                (word, ..) => return Err(Fault::Damaged(format!("a block's outcome is `{word}`"))),
            };
            Ok(Block {
                ordinal: encoding::small("ordinal", row.ordinal)?,
                cell: Cell {
                    target: row.target,
                    suite: row.suite,
                    benchmark: row.benchmark,
                    arm: row.arm,
                },
                artifact: encoding::small("artifact", row.artifact)? as usize,
                round: encoding::small("round", row.round)?,
                suite_sha256: encoding::digest(&row.suite_sha256)?,
                definition_sha256: encoding::digest(&row.definition_sha256)?,
                started_at: encoding::timestamp(row.started_at_ns)?,
                duration_ns: row.duration_ns.cast_unsigned(),
                labels: labels.remove(&row.id).unwrap_or_default(),
                outcome,
            })
        })
        .collect()
}

async fn insert_labels(
    db: &mut SqliteConnection,
    block: i64,
    labels: &[Label],
) -> Result<(), Fault> {
    for (position, label) in (0_i64..).zip(labels) {
        let word = label.word();
        sqlx::query!(
            "INSERT INTO block_label (block, position, label) VALUES (?1, ?2, ?3)",
            block,
            position,
            word,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn load_labels(
    db: &mut SqliteConnection,
    run: i64,
) -> Result<HashMap<i64, Vec<Label>>, Fault> {
    let rows = sqlx::query!(
        "SELECT l.block, l.label FROM block AS b JOIN block_label AS l ON l.block = b.id
        WHERE b.run = ?1 ORDER BY l.block, l.position",
        run,
    )
    .fetch_all(db)
    .await?;
    let mut labels: HashMap<i64, Vec<Label>> = HashMap::new();
    for row in rows {
        labels.entry(row.block).or_default().push(encoding::label(&row.label)?);
    }
    Ok(labels)
}
