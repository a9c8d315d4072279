//! The values of measured blocks: samples, histograms and the reasons for
//! what is absent. It must not derive anything from them.

use crate::error::Fault;
use crate::names::{Known, Names};
use model::{Absent, LatencyHistogram, Measurements};
use sqlx::SqliteConnection;
use std::collections::HashMap;

/// Stores the values of one block, whose row, cell and testbed are given. What
/// stands in the block's own row is not stored here.
pub(crate) async fn insert(
    db: &mut SqliteConnection,
    known: &mut Known,
    (block, cell, testbed): (i64, i64, i64),
    measurements: &Measurements,
) -> Result<(), Fault> {
    for (metric, values) in &measurements.samples {
        let series = known.series(&mut *db, cell, metric, testbed).await?;
        insert_values(&mut *db, block, series, values).await?;
    }
    for (metric, histogram) in &measurements.histograms {
        let series = known.series(&mut *db, cell, metric, testbed).await?;
        let data = histogram.to_bytes();
        sqlx::query!(
            "INSERT INTO histogram (block, series, data) VALUES (?1, ?2, ?3)",
            block,
            series,
            data,
        )
        .execute(&mut *db)
        .await?;
    }
    for (position, absent) in (0_i64..).zip(&measurements.absent) {
        let metric = known.metric(&mut *db, &absent.metric).await?;
        let reason = known.reason(&mut *db, &absent.reason).await?;
        sqlx::query!(
            "INSERT INTO absent (block, position, metric, reason) VALUES (?1, ?2, ?3, ?4)",
            block,
            position,
            metric,
            reason,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// The values of all measured blocks of a run, by the row of their block.
pub(crate) async fn load(
    db: &mut SqliteConnection,
    run: i64,
    names: &Names,
) -> Result<HashMap<i64, Measurements>, Fault> {
    let mut blocks = load_values(&mut *db, run, names).await?;
    let histograms = sqlx::query!(
        "SELECT h.block, s.metric, h.data FROM block AS b
        JOIN histogram AS h ON h.block = b.id
        JOIN series AS s ON s.id = h.series
        WHERE b.run = ?1",
        run,
    );
    for row in histograms.fetch_all(&mut *db).await? {
        let histogram = LatencyHistogram::from_bytes(&row.data).map_err(Fault::Damaged)?;
        blocks
            .entry(row.block)
            .or_default()
            .histograms
            .insert(names.metric(row.metric)?.to_owned(), histogram);
    }
    let absent = sqlx::query!(
        "SELECT a.block, a.metric, a.reason FROM block AS b
        JOIN absent AS a ON a.block = b.id
        WHERE b.run = ?1 ORDER BY a.block, a.position",
        run,
    );
    for row in absent.fetch_all(&mut *db).await? {
        let metric = names.metric(row.metric)?.to_owned();
        let absent = Absent { metric, reason: names.reason(row.reason)?.to_owned() };
        blocks.entry(row.block).or_default().absent.push(absent);
    }
    Ok(blocks)
}

/// Sixteen values a statement: the way to SQLite's thread and back costs more
/// than storing them. The last statement's places without a value are NULL.
async fn insert_values(
    db: &mut SqliteConnection,
    block: i64,
    series: i64,
    values: &[f64],
) -> Result<(), Fault> {
    for (start, chunk) in (0_i64..).step_by(16).zip(values.chunks(16)) {
        let v: [Option<f64>; 16] = std::array::from_fn(|place| chunk.get(place).copied());
        sqlx::query!(
            "INSERT INTO sample (block, series, idx, value)
            SELECT ?1, ?2, ?3 + column1, column2 FROM (VALUES
                (0, ?4), (1, ?5), (2, ?6), (3, ?7), (4, ?8), (5, ?9), (6, ?10), (7, ?11),
                (8, ?12), (9, ?13), (10, ?14), (11, ?15), (12, ?16),
                (13, ?17), (14, ?18), (15, ?19))
            WHERE column2 IS NOT NULL",
            block,
            series,
            start,
            v[0],
            v[1],
            v[2],
            v[3],
            v[4],
            v[5],
            v[6],
            v[7],
            v[8],
            v[9],
            v[10],
            v[11],
            v[12],
            v[13],
            v[14],
            v[15],
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn load_values(
    db: &mut SqliteConnection,
    run: i64,
    names: &Names,
) -> Result<HashMap<i64, Measurements>, Fault> {
    let rows = sqlx::query!(
        "SELECT v.block, s.metric, v.value FROM block AS b
        JOIN sample AS v ON v.block = b.id
        JOIN series AS s ON s.id = v.series
        WHERE b.run = ?1 ORDER BY b.ordinal, v.series, v.idx",
        run,
    )
    .fetch_all(db)
    .await?;
    let mut blocks: HashMap<i64, Measurements> = HashMap::new();
    for series in rows.chunk_by(|a, b| (a.block, a.metric) == (b.block, b.metric)) {
        let values = series.iter().map(|row| row.value).collect();
        let first = &series[0];
        blocks
            .entry(first.block)
            .or_default()
            .samples
            .insert(names.metric(first.metric)?.to_owned(), values);
    }
    Ok(blocks)
}
