//! Rows that repeat and are stored once: testbeds, versions, artifacts, cells,
//! metrics, series, definitions and reasons. Each function finds the row or
//! makes it; they run inside a writing transaction, so two cannot race.

use crate::encoding::VersionColumns;
use crate::error::Fault;
use model::{Artifact, Cell, Digest, Testbed, VersionId};
use sqlx::SqliteConnection;

/// The row of a testbed.
pub(crate) async fn testbed(db: &mut SqliteConnection, t: &Testbed) -> Result<i64, Fault> {
    let fingerprint = t.fingerprint().to_string();
    let (cpus, protocol) = (i64::from(t.cpus), i64::from(t.measurement_protocol));
    let memory_mib = t.memory_mib.cast_signed();
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM testbed WHERE fingerprint_sha256 = ?1
            AND (cpu_model, microcode, cpus, smt, governor, memory_mib) IS (?2, ?3, ?4, ?5, ?6, ?7)
            AND (kernel, virtualization, rustc, qemu, pinning, measurement_protocol)
                IS (?8, ?9, ?10, ?11, ?12, ?13)
            AND (cores, turbo, huge_pages, harness, load_generator, idle_cpus)
                IS (?14, ?15, ?16, ?17, ?18, ?19)"#,
        fingerprint,
        t.cpu_model,
        t.microcode,
        cpus,
        t.smt,
        t.governor,
        memory_mib,
        t.kernel,
        t.virtualization,
        t.rustc,
        t.qemu,
        t.pinning,
        protocol,
        t.cores,
        t.turbo,
        t.huge_pages,
        t.harness,
        t.load_generator,
        t.idle_cpus,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = found {
        return Ok(id);
    }
    let made = sqlx::query!(
        "INSERT INTO testbed (fingerprint_sha256, cpu_model, microcode, cpus, smt, governor,
            memory_mib, kernel, virtualization, rustc, qemu, pinning, measurement_protocol,
            cores, turbo, huge_pages, harness, load_generator, idle_cpus)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
            ?19)",
        fingerprint,
        t.cpu_model,
        t.microcode,
        cpus,
        t.smt,
        t.governor,
        memory_mib,
        t.kernel,
        t.virtualization,
        t.rustc,
        t.qemu,
        t.pinning,
        protocol,
        t.cores,
        t.turbo,
        t.huge_pages,
        t.harness,
        t.load_generator,
        t.idle_cpus,
    );
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of an artifact, and of its version.
pub(crate) async fn artifact(db: &mut SqliteConnection, a: &Artifact) -> Result<i64, Fault> {
    let version = version(&mut *db, &a.target, &a.version).await?;
    let binary_sha256 = a.binary_sha256.to_string();
    let binary_bytes = a.binary_bytes.cast_signed();
    let source_sha256 = a.source_sha256.map(String::from);
    let lockfile_sha256 = a.lockfile_sha256.map(String::from);
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM artifact WHERE version = ?1 AND binary_sha256 = ?2
            AND (binary_bytes, source_sha256, lockfile_sha256, rustc, build_flags)
                IS (?3, ?4, ?5, ?6, ?7)"#,
        version,
        binary_sha256,
        binary_bytes,
        source_sha256,
        lockfile_sha256,
        a.rustc,
        a.build_flags,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = found {
        return Ok(id);
    }
    let made = sqlx::query!(
        "INSERT INTO artifact (version, binary_sha256, binary_bytes, source_sha256,
            lockfile_sha256, rustc, build_flags)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        version,
        binary_sha256,
        binary_bytes,
        source_sha256,
        lockfile_sha256,
        a.rustc,
        a.build_flags,
    );
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of a target's version.
pub(crate) async fn version(
    db: &mut SqliteConnection,
    target: &str,
    version: &VersionId,
) -> Result<i64, Fault> {
    let v = VersionColumns::of(version)?;
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM version WHERE name = ?1 AND target = ?2
            AND (kind, subject, committed_at_ns, modified_sha256) IS (?3, ?4, ?5, ?6)"#,
        v.name,
        target,
        v.kind,
        v.subject,
        v.committed_at_ns,
        v.modified_sha256,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = found {
        return Ok(id);
    }
    let made = sqlx::query!(
        "INSERT INTO version (name, target, kind, subject, committed_at_ns, modified_sha256)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        v.name,
        target,
        v.kind,
        v.subject,
        v.committed_at_ns,
        v.modified_sha256,
    );
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of what a block measures.
pub(crate) async fn cell(db: &mut SqliteConnection, c: &Cell) -> Result<i64, Fault> {
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM cell
            WHERE target = ?1 AND suite = ?2 AND benchmark = ?3 AND arm = ?4"#,
        c.target,
        c.suite,
        c.benchmark,
        c.arm,
    );
    if let Some(id) = found.fetch_optional(&mut *db).await? {
        return Ok(id);
    }
    let made = sqlx::query!(
        "INSERT INTO cell (target, suite, benchmark, arm) VALUES (?1, ?2, ?3, ?4)",
        c.target,
        c.suite,
        c.benchmark,
        c.arm,
    );
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of a metric's name.
pub(crate) async fn metric(db: &mut SqliteConnection, name: &str) -> Result<i64, Fault> {
    let found = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM metric WHERE name = ?1"#, name);
    if let Some(id) = found.fetch_optional(&mut *db).await? {
        return Ok(id);
    }
    let made = sqlx::query!("INSERT INTO metric (name) VALUES (?1)", name);
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of a cell's metric on a testbed.
pub(crate) async fn series(
    db: &mut SqliteConnection,
    cell: i64,
    metric: i64,
    testbed: i64,
) -> Result<i64, Fault> {
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM series WHERE cell = ?1 AND metric = ?2 AND testbed = ?3"#,
        cell,
        metric,
        testbed,
    );
    if let Some(id) = found.fetch_optional(&mut *db).await? {
        return Ok(id);
    }
    let made = sqlx::query!(
        "INSERT INTO series (cell, metric, testbed) VALUES (?1, ?2, ?3)",
        cell,
        metric,
        testbed,
    );
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of a suite's and a definition's digests.
pub(crate) async fn definition(
    db: &mut SqliteConnection,
    suite: Digest,
    definition: Digest,
) -> Result<i64, Fault> {
    let (suite, definition) = (suite.to_string(), definition.to_string());
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM definition WHERE definition_sha256 = ?1 AND suite_sha256 = ?2"#,
        definition,
        suite,
    );
    if let Some(id) = found.fetch_optional(&mut *db).await? {
        return Ok(id);
    }
    let made = sqlx::query!(
        "INSERT INTO definition (definition_sha256, suite_sha256) VALUES (?1, ?2)",
        definition,
        suite,
    );
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}

/// The row of a sentence.
pub(crate) async fn reason(db: &mut SqliteConnection, text: &str) -> Result<i64, Fault> {
    let found = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM reason WHERE text = ?1"#, text);
    if let Some(id) = found.fetch_optional(&mut *db).await? {
        return Ok(id);
    }
    let made = sqlx::query!("INSERT INTO reason (text) VALUES (?1)", text);
    Ok(made.execute(&mut *db).await?.last_insert_rowid())
}
