//! Why the store refused or failed: each error says what happened, to which
//! file, and what to do. It must not print; callers do.

use model::{Invalid, RunId, RunStatus};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of the store; its text is meant for the person at the terminal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Reading a file that does not exist.
    #[error(
        "{path}: there is no database; `bench run` or `bench import` creates it, `--db FILE` \
         names another",
        path = .path.display()
    )]
    NotFound {
        /// The database.
        path: PathBuf,
    },
    /// Reading a file that no runner has written to yet.
    #[error(
        "{path}: the database is still empty; `bench run` or `bench import` fills it",
        path = .path.display()
    )]
    Empty {
        /// The database.
        path: PathBuf,
    },
    /// A file that is something else.
    #[error(
        "{path}: this is not a SQLite database, so it was left alone; name another file with \
         `--db FILE`, or move this one away",
        path = .path.display()
    )]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A SQLite file of another program.
    #[error(
        "{path}: this SQLite database belongs to another program, so it was left alone; name \
         another file with `--db FILE`",
        path = .path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file that SQLite or this crate cannot make sense of.
    #[error(
        "{path}: the database is damaged: {detail}. Nothing was changed; restore a backup, or \
         move the file and its `-wal` away and import the published bundles again",
        path = .path.display()
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Written by a newer program.
    #[error(
        "{path}: the database has schema {found}, this program knows schema {known} and left \
         it alone; use the newer `bench` that wrote it",
        path = .path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// Written by an older program, and opened only for reading.
    #[error(
        "{path}: an older `bench` made the database; of {known} migrations it lacks {missing}; any \
         writing command (`bench run`, `bench import`) adds what is missing and keeps the rest",
        path = .path.display(),
        missing = Numbers(.missing)
    )]
    OlderSchema {
        /// The database.
        path: PathBuf,
        /// The migrations it lacks.
        missing: Vec<i64>,
        /// How many there are.
        known: i64,
    },
    /// A migration of the same number but other content.
    #[error(
        "{path}: migration {version} of the database is not this program's, so it was left \
         alone; export it with the `bench` that wrote it and import that into a new file",
        path = .path.display()
    )]
    AlteredSchema {
        /// The database.
        path: PathBuf,
        /// Number of the first migration that differs.
        version: i64,
    },
    /// File or folder cannot be opened.
    #[error(
        "{path}: cannot open the database: {detail}; check that the folder exists and that \
         you may write in it",
        path = .path.display()
    )]
    CannotOpen {
        /// The database.
        path: PathBuf,
        /// What the system or SQLite said.
        detail: String,
    },
    /// Writing is not permitted.
    #[error(
        "{path}: {doing}: the database may only be read; check the permissions of the file \
         and of its folder",
        path = .path.display()
    )]
    ReadOnly {
        /// The database.
        path: PathBuf,
        /// What was attempted.
        doing: String,
    },
    /// The disk is full.
    #[error(
        "{path}: {doing}: the disk is full, so nothing of it was stored; free some space and \
         repeat",
        path = .path.display()
    )]
    DiskFull {
        /// The database.
        path: PathBuf,
        /// What was attempted.
        doing: String,
    },
    /// Another process writes for longer than we wait.
    #[error(
        "{path}: {doing}: another process kept the database locked for {waited_s} s; wait \
         until it is done, then repeat",
        path = .path.display(),
        waited_s = crate::connect::BUSY_TIMEOUT_S
    )]
    Busy {
        /// The database.
        path: PathBuf,
        /// What was attempted.
        doing: String,
    },
    /// Another runner holds the lock.
    #[error(
        "{path}: another run is in progress ({holder}); two at once would disturb each \
         other's numbers, so wait for it, or use another machine",
        path = .path.display()
    )]
    RunInProgress {
        /// The database.
        path: PathBuf,
        /// What the other runner wrote about itself.
        holder: String,
    },
    /// A value that may not or cannot be stored.
    #[error("not stored: {0}")]
    Invalid(#[from] Invalid),
    /// A block of that number is there already.
    #[error("block {ordinal} of run {run} is stored already; blocks are never replaced")]
    BlockExists {
        /// The run.
        run: RunId,
        /// The block's position in the plan.
        ordinal: u32,
    },
    /// A run of that name is there already.
    #[error("run {run} is stored already; a new run needs a new name")]
    RunExists {
        /// The run.
        run: RunId,
    },
    /// The same run with other content.
    #[error(
        "run {run} is stored already with other content ({difference}); \
         runs are never replaced, so find out which of the two is right"
    )]
    Conflict {
        /// The run.
        run: RunId,
        /// The first part that differs.
        difference: String,
    },
    /// Importing a run that is still being measured.
    #[error("run {run} is still running; export it once it is complete or interrupted")]
    Unfinished {
        /// The run.
        run: RunId,
    },
    /// Resuming a run that is not interrupted.
    #[error(
        "run {run} is {status}; only an interrupted run can be resumed",
        status = .status.word()
    )]
    NotInterrupted {
        /// The run.
        run: RunId,
        /// Its status.
        status: RunStatus,
    },
    /// No run of that name.
    #[error(
        "{path}: no run `{asked}`; `bench list runs` shows what there is",
        path = .path.display()
    )]
    UnknownRun {
        /// The database.
        path: PathBuf,
        /// What was asked for.
        asked: String,
    },
    /// No complete run, so none is the latest.
    #[error(
        "{path}: no complete run yet; `bench run` makes one, `bench list runs` shows \
         interrupted ones",
        path = .path.display()
    )]
    NoRuns {
        /// The database.
        path: PathBuf,
    },
    /// Not the beginning of a run's name.
    #[error(
        "`{asked}` does not name a run: give `latest`, or the first 4 to 16 hexadecimal digits \
         of its name; `bench list runs` shows them"
    )]
    BadRunName {
        /// What was asked for.
        asked: String,
    },
    /// Several runs begin so.
    #[error(
        "`{asked}` is the beginning of several runs: {candidates}; give more digits",
        candidates = .candidates.iter().map(RunId::as_str).collect::<Vec<_>>().join(",
        ")
    )]
    AmbiguousRun {
        /// What was asked for.
        asked: String,
        /// The runs it could be.
        candidates: Vec<RunId>,
    },
    /// Anything else SQLite reports.
    #[error("{path}: {doing} failed", path = .path.display())]
    Other {
        /// The database.
        path: PathBuf,
        /// What was attempted.
        doing: String,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What goes wrong below the public functions, which add file and action.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(sqlx::Error),
    /// A row that cannot be what this crate wrote.
    Damaged(String),
    /// A value outside of what a column holds.
    Invalid(Invalid),
}

// Primary result codes, https://www.sqlite.org/rescode.html.
pub(crate) const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
pub(crate) const SQLITE_READONLY: i32 = 8;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
pub(crate) const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;
/// Growing the shared memory of the log: on a full disk this comes first.
const SQLITE_IOERR_SHMSIZE: i32 = 10 | (19 << 8);

impl Fault {
    /// The error for people: which file, and what was attempted.
    pub(crate) fn at(self, path: &Path, doing: &str) -> StoreError {
        let (path, doing) = (path.to_owned(), doing.to_owned());
        let source = match self {
            Self::Damaged(detail) => return StoreError::Corrupt { path, detail },
            Self::Invalid(invalid) => return StoreError::Invalid(invalid),
            Self::Sql(source) => source,
        };
        let code = result_code(&source);
        match code.map(|code| code & 0xff) {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => StoreError::Busy { path, doing },
            Some(SQLITE_READONLY) => StoreError::ReadOnly { path, doing },
            Some(SQLITE_FULL) => StoreError::DiskFull { path, doing },
            Some(SQLITE_NOTADB) => StoreError::NotADatabase { path },
            Some(SQLITE_CORRUPT) => StoreError::Corrupt { path, detail: sqlite_message(&source) },
            Some(SQLITE_CANTOPEN) => {
                StoreError::CannotOpen { path, detail: sqlite_message(&source) }
            }
            _ if code == Some(SQLITE_IOERR_SHMSIZE) => StoreError::DiskFull { path, doing },
            _ => StoreError::Other { path, doing, source: Box::new(source) },
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Invalid> for Fault {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// SQLite's extended result code, where the error came from SQLite.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn sqlite_message(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
}

/// `3, 5`: numbers in a sentence.
struct Numbers<'a>(&'a [i64]);

impl std::fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<String> = self.0.iter().map(i64::to_string).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{ConnectOptions as _, SqliteConnection};
    use std::time::Duration;

    async fn connect(path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        options.busy_timeout(Duration::ZERO).connect().await.unwrap()
    }

    async fn check(db: &mut SqliteConnection, sql: &'static str, expected: Expect) {
        let error = sqlx::raw_sql(sql).execute(db).await.unwrap_err();
        let text = Fault::Sql(error).at(Path::new("DB"), "storing").to_string();
        expected.assert_eq(&text.replace("; ", ";\n"));
    }

    /// Conditions that are rare or slow to wait for, made with SQLite itself.
    #[tokio::test]
    async fn sqlite_errors_become_advice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let mut db = connect(&path).await;
        sqlx::raw_sql("PRAGMA max_page_count = 3; CREATE TABLE t (x)")
            .execute(&mut db)
            .await
            .unwrap();
        check(
            &mut db,
            "INSERT INTO t VALUES (zeroblob(50000))",
            expect![[r#"
            DB: storing: the disk is full, so nothing of it was stored;
            free some space and repeat"#]],
        )
        .await;
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut db).await.unwrap();
        check(
            &mut connect(&path).await,
            "BEGIN IMMEDIATE",
            expect![[r#"
            DB: storing: another process kept the database locked for 30 s;
            wait until it is done, then repeat"#]],
        )
        .await;
        check(
            &mut db,
            "PRAGMA query_only = ON; INSERT INTO t VALUES (1)",
            expect![[r#"
            DB: storing: the database may only be read;
            check the permissions of the file and of its folder"#]],
        )
        .await;
        check(&mut db, "SELECT * FROM nothing", expect!["DB: storing failed"]).await;
    }
}
