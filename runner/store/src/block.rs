//! Blocks as rows: what was measured when, and what came of it. The values of
//! a measured block are the business of [`crate::samples`].

use crate::error::Fault;
use crate::head::HeadRows;
use crate::names::{Known, Names};
use crate::{encoding, samples, summary};
use model::{Block, Label, Measurements, Outcome};
use sqlx::SqliteConnection;
use std::collections::HashMap;
use std::fmt::Write as _;

const HEX: [u8; 16] = *b"0123456789abcdef";

/// Stores a block that was validated and is not there yet.
pub(crate) async fn insert(
    db: &mut SqliteConnection,
    known: &mut Known,
    head: HeadRows,
    block: &Block,
) -> Result<(), Fault> {
    let cell = known.cell(&mut *db, &block.cell).await?;
    let definition =
        known.definition(&mut *db, block.suite_sha256, block.definition_sha256).await?;
    let (outcome, reason, log_tail) = match &block.outcome {
        Outcome::Measured(_) => ("measured", None, None),
        Outcome::Failed { reason, log_tail } => ("failed", Some(reason), Some(log_tail)),
        Outcome::Unsupported { reason } => ("unsupported", Some(reason), None),
    };
    let reason = match reason {
        Some(text) => Some(known.reason(&mut *db, text).await?),
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
            samples::insert(db, known, (row, cell, head.testbed), measurements).await
        }
        Outcome::Failed { .. } | Outcome::Unsupported { .. } => Ok(()),
    }
}

/// Stores blocks of summaries, all in one statement: on the way from a bundle
/// into the database the statements are what takes time. They must have been
/// validated and not be there yet.
pub(crate) async fn insert_published(
    db: &mut SqliteConnection,
    known: &mut Known,
    head: HeadRows,
    blocks: &[(&Block, &Measurements)],
) -> Result<(), Fault> {
    let last = sqlx::query_scalar!(r#"SELECT coalesce(max(id), 0) AS "id!: i64" FROM block"#);
    let first_row = last.fetch_one(&mut *db).await? + 1;
    let mut rows = String::from("[");
    let mut cells = Vec::with_capacity(blocks.len());
    for (row, (block, measurements)) in (first_row..).zip(blocks) {
        let cell = known.cell(&mut *db, &block.cell).await?;
        cells.push((row, cell));
        let definition =
            known.definition(&mut *db, block.suite_sha256, block.definition_sha256).await?;
        let started_at_ns = encoding::timestamp_ns("block.started_at", block.started_at)?;
        let mut summaries = Vec::with_capacity(measurements.summaries.len());
        for (metric, value) in &measurements.summaries {
            summaries.push((known.metric(&mut *db, metric).await?, *value));
        }
        let comma = if row == first_row { "" } else { "," };
        let Block { ordinal, artifact, round, .. } = block;
        let duration_ns = block.duration_ns.cast_signed();
        // Numbers as JSON, bytes as hexadecimal digits: nothing to quote. Floats are
        // in the bytes, since SQLite does not promise to read them exactly.
        let _ = write!(
            rows,
            "{comma}[{row},{ordinal},{cell},{artifact},{round},{definition},{started_at_ns},\
             {duration_ns},\""
        );
        for byte in summary::pack(summaries) {
            rows.extend([byte >> 4, byte & 0xf].map(|digit| char::from(HEX[usize::from(digit)])));
        }
        rows.push_str("\"]");
    }
    rows.push(']');
    sqlx::query!(
        "INSERT INTO block (id, run, ordinal, cell, artifact, round, definition, started_at_ns,
            duration_ns, outcome, summaries)
        SELECT value ->> 0, ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, 'measured', unhex(value ->> 8)
        FROM json_each(?2)",
        head.run,
        rows,
    )
    .execute(&mut *db)
    .await?;
    for ((row, cell), (block, measurements)) in cells.into_iter().zip(blocks) {
        insert_labels(&mut *db, row, &block.labels).await?;
        samples::insert(&mut *db, known, (row, cell, head.testbed), measurements).await?;
    }
    Ok(())
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
pub(crate) async fn load(
    db: &mut SqliteConnection,
    run: i64,
    names: &Names,
) -> Result<Vec<Block>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", ordinal, cell, artifact, round, definition, started_at_ns,
            duration_ns, outcome, reason, log_tail, summaries
        FROM block WHERE run = ?1 ORDER BY ordinal"#,
        run,
    )
    .fetch_all(&mut *db)
    .await?;
    let mut labels = load_labels(&mut *db, run).await?;
    let mut measured = samples::load(&mut *db, run, names).await?;
    rows.into_iter()
        .map(|row| {
            let outcome = match (row.outcome.as_str(), row.reason, row.log_tail) {
                ("measured", None, None) => {
                    let mut measurements = measured.remove(&row.id).unwrap_or_default();
                    for (metric, value) in summary::unpack(&row.summaries.unwrap_or_default())? {
                        measurements.summaries.insert(names.metric(metric)?.to_owned(), value);
                    }
                    Outcome::Measured(measurements)
                }
                ("failed", Some(reason), Some(log_tail)) => {
                    Outcome::Failed { reason: names.reason(reason)?.to_owned(), log_tail }
                }
                ("unsupported", Some(reason), None) => {
                    Outcome::Unsupported { reason: names.reason(reason)?.to_owned() }
                }
                (word, ..) => return Err(Fault::Damaged(format!("a block's outcome is `{word}`"))),
            };
            let (suite_sha256, definition_sha256) = names.definition(row.definition)?;
            Ok(Block {
                ordinal: encoding::small("ordinal", row.ordinal)?,
                cell: names.cell(row.cell)?.clone(),
                artifact: encoding::small("artifact", row.artifact)? as usize,
                round: encoding::small("round", row.round)?,
                suite_sha256,
                definition_sha256,
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
