//! A run without its blocks: one row of `run`, its testbed, its
//! artifacts and what could not be built.

use crate::dimension;
use crate::encoding::{self, version_of};
use crate::error::Fault;
use crate::failed_build;
use model::{Artifact, Run, RunId, RunStatus, Testbed};
use sqlx::SqliteConnection;

/// The rows that blocks of a run refer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadRows {
    pub(crate) run: i64,
    pub(crate) testbed: i64,
}

/// Stores the head of a run, as running.
pub(crate) async fn insert(db: &mut SqliteConnection, run: &Run) -> Result<HeadRows, Fault> {
    let testbed = dimension::testbed(&mut *db, &run.testbed).await?;
    let name = run.id.as_str();
    let started_at_ns = encoding::timestamp_ns("started_at", run.started_at)?;
    let seed = run.seed.cast_signed();
    let made = sqlx::query!(
        "INSERT INTO run (name, started_at_ns, status, profile, seed, harness, plan,
            planned_blocks, anchor, testbed)
        VALUES (?1, ?2, 'running', ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        name,
        started_at_ns,
        run.profile,
        seed,
        run.harness,
        run.plan,
        run.planned_blocks,
        run.anchor,
        testbed,
    );
    let row = made.execute(&mut *db).await?.last_insert_rowid();
    for (position, artifact) in (0_i64..).zip(&run.artifacts) {
        let artifact = dimension::artifact(&mut *db, artifact).await?;
        sqlx::query!(
            "INSERT INTO run_artifact (run, position, artifact) VALUES (?1, ?2, ?3)",
            row,
            position,
            artifact,
        )
        .execute(&mut *db)
        .await?;
    }
    failed_build::insert(db, row, &run.failed_builds).await?;
    Ok(HeadRows { run: row, testbed })
}

/// Reads the head of a run; `None` when there is no such run.
pub(crate) async fn load(
    db: &mut SqliteConnection,
    id: &RunId,
) -> Result<Option<(HeadRows, Run)>, Fault> {
    let name = id.as_str();
    let found = sqlx::query!(
        r#"SELECT id AS "id!", started_at_ns, finished_at_ns, status, profile, seed, harness, plan,
            planned_blocks, anchor, testbed
        FROM run WHERE name = ?1"#,
        name,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let run = Run {
        id: id.clone(),
        started_at: encoding::timestamp(row.started_at_ns)?,
        finished_at: row.finished_at_ns.map(encoding::timestamp).transpose()?,
        status: encoding::status(&row.status)?,
        profile: row.profile,
        seed: row.seed.cast_unsigned(),
        harness: row.harness,
        plan: row.plan,
        planned_blocks: encoding::small("planned_blocks", row.planned_blocks)?,
        anchor: row.anchor,
        testbed: testbed(&mut *db, row.testbed).await?,
        artifacts: artifacts(&mut *db, row.id).await?,
        failed_builds: failed_build::load(&mut *db, row.id).await?,
        blocks: Vec::new(),
    };
    Ok(Some((HeadRows { run: row.id, testbed: row.testbed }, run)))
}

/// Moves a run to another status; the triggers refuse what is not allowed.
pub(crate) async fn set_status(
    db: &mut SqliteConnection,
    run: i64,
    status: RunStatus,
    finished_at_ns: Option<i64>,
) -> Result<(), Fault> {
    let word = status.word();
    sqlx::query!(
        "UPDATE run SET status = ?2, finished_at_ns = ?3 WHERE id = ?1",
        run,
        word,
        finished_at_ns,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn testbed(db: &mut SqliteConnection, id: i64) -> Result<Testbed, Fault> {
    let row = sqlx::query!(
        r#"SELECT cpu_model, microcode, cpus, smt AS "smt: bool", governor, memory_mib, kernel,
            virtualization, rustc, qemu, pinning, measurement_protocol, cores,
            turbo AS "turbo: bool", huge_pages, harness, load_generator,
            idle_cpus
        FROM testbed WHERE id = ?1"#,
        id,
    )
    .fetch_one(db)
    .await?;
    Ok(Testbed {
        cpu_model: row.cpu_model,
        microcode: row.microcode,
        cpus: encoding::small("cpus", row.cpus)?,
        smt: row.smt,
        governor: row.governor,
        memory_mib: row.memory_mib.cast_unsigned(),
        kernel: row.kernel,
        virtualization: row.virtualization,
        rustc: row.rustc,
        qemu: row.qemu,
        pinning: row.pinning,
        measurement_protocol: encoding::small("measurement_protocol", row.measurement_protocol)?,
        cores: row.cores.map(|cores| encoding::small("cores", cores)).transpose()?,
        turbo: row.turbo,
        huge_pages: row.huge_pages,
        harness: row.harness,
        load_generator: row.load_generator,
        idle_cpus: row.idle_cpus,
    })
}

async fn artifacts(db: &mut SqliteConnection, run: i64) -> Result<Vec<Artifact>, Fault> {
    let rows = sqlx::query!(
        "SELECT v.target, v.kind, v.name, v.subject, v.committed_at_ns, v.modified_sha256,
            a.binary_sha256, a.binary_bytes, a.source_sha256, a.lockfile_sha256, a.rustc,
            a.build_flags
        FROM run_artifact AS r
        JOIN artifact AS a ON a.id = r.artifact
        JOIN version AS v ON v.id = a.version
        WHERE r.run = ?1 ORDER BY r.position",
        run,
    )
    .fetch_all(db)
    .await?;
    let optional = |text: Option<String>| text.as_deref().map(encoding::digest).transpose();
    rows.into_iter()
        .map(|row| {
            Ok(Artifact {
                target: row.target,
                version: version_of!(row)?,
                binary_sha256: encoding::digest(&row.binary_sha256)?,
                binary_bytes: row.binary_bytes.cast_unsigned(),
                source_sha256: optional(row.source_sha256)?,
                lockfile_sha256: optional(row.lockfile_sha256)?,
                rustc: row.rustc,
                build_flags: row.build_flags,
            })
        })
        .collect()
}
