//! Uploads: runs, the note that they came, and the audit log's entry are stored
//! together or not at all. It must not judge whether a run may come; callers do.

use super::audit::{self, AuditEntry, AuditOutcome};
use crate::encoding;
use crate::error::{Fault, StoreError};
use crate::import::{Imported, Importer};
use crate::open::Store;
use jiff::Timestamp;
use model::{Digest, Run, RunId};
use sqlx::SqliteConnection;
use std::collections::HashSet;

/// A bundle to be stored.
#[derive(Debug)]
pub struct UploadRequest<'a> {
    /// Who sends it.
    pub token: &'a super::Token,
    /// The caller's key; uploads of one key are one.
    pub once: &'a str,
    /// Digest of its bytes.
    pub bundle_sha256: Digest,
    /// When it came.
    pub at: Timestamp,
    /// What it holds.
    pub runs: &'a [Run],
}

/// An upload that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Digest of the bundle's bytes.
    pub bundle_sha256: Digest,
    /// When it came first.
    pub at: Timestamp,
    /// Runs that were new.
    pub stored: u32,
    /// Runs that were there already.
    pub known: u32,
    /// All of them.
    pub runs: Vec<RunId>,
    /// Whether this very upload was stored before.
    pub is_repeated: bool,
}

impl Store {
    /// Stores an upload, all of it or nothing. One that was stored before is told
    /// again; whether its digest is still the same is for the caller to see.
    ///
    /// # Errors
    /// When a run is not valid or another one of its name is stored, or writing fails.
    pub async fn upload(&self, request: &UploadRequest<'_>) -> Result<Upload, StoreError> {
        let doing = "storing an upload";
        let mut importer = self.importing().await?;
        let earlier = earlier(importer.connection(), request).await;
        if let Some(earlier) = earlier.map_err(self.fault(doing))? {
            return Ok(earlier);
        }
        let (mut stored, mut known) = (0, 0);
        for run in request.runs {
            match importer.add(run).await? {
                Imported::New => stored += 1,
                Imported::AlreadyThere => known += 1,
            }
        }
        let upload = Upload {
            bundle_sha256: request.bundle_sha256,
            at: request.at,
            stored,
            known,
            runs: request.runs.iter().map(|run| run.id.clone()).collect(),
            is_repeated: false,
        };
        note(&mut importer, request, &upload).await.map_err(self.fault(doing))?;
        importer.commit().await?;
        Ok(upload)
    }
}

async fn earlier(
    db: &mut SqliteConnection,
    request: &UploadRequest<'_>,
) -> Result<Option<Upload>, Fault> {
    let row = sqlx::query!(
        "SELECT bundle_sha256, at_ns, stored, known, runs FROM upload
        WHERE token = ?1 AND once = ?2",
        request.token.id,
        request.once,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let runs = row.runs.split_whitespace().map(|name| encoding::run_id(name.to_owned()));
    Ok(Some(Upload {
        bundle_sha256: encoding::digest(&row.bundle_sha256)?,
        at: encoding::timestamp(row.at_ns)?,
        stored: encoding::small("stored", row.stored)?,
        known: encoding::small("known", row.known)?,
        runs: runs.collect::<Result<_, _>>()?,
        is_repeated: true,
    }))
}

async fn note(
    importer: &mut Importer,
    request: &UploadRequest<'_>,
    upload: &Upload,
) -> Result<(), Fault> {
    let db = importer.connection();
    let bundle = upload.bundle_sha256.to_string();
    let at_ns = encoding::timestamp_ns("at", request.at)?;
    let names: Vec<&str> = upload.runs.iter().map(RunId::as_str).collect();
    let names = names.join(" ");
    sqlx::query!(
        "INSERT INTO upload (token, once, bundle_sha256, at_ns, stored, known, runs)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        request.token.id,
        request.once,
        bundle,
        at_ns,
        upload.stored,
        upload.known,
        names,
    )
    .execute(&mut *db)
    .await?;
    let entry = AuditEntry {
        at: request.at,
        actor: request.token.name.clone(),
        action: "upload".to_owned(),
        subject: bundle,
        outcome: AuditOutcome::Done,
        detail: format!("{} runs stored, {} were there already", upload.stored, upload.known),
    };
    audit::insert(db, &entry).await
}

impl Store {
    /// Digests of every suite that blocks are stored of.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known_suites(&self) -> Result<HashSet<Digest>, StoreError> {
        let mut db = self.reading().await?;
        let doing = "listing suites";
        let found = sqlx::query_scalar!("SELECT DISTINCT suite_sha256 FROM definition");
        let found = found.fetch_all(&mut *db).await;
        let found = found.map_err(|error| self.fault(doing)(error.into()))?;
        let digests: Result<_, Fault> = found.iter().map(|text| encoding::digest(text)).collect();
        digests.map_err(self.fault(doing))
    }
}
