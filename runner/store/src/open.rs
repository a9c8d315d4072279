//! Opening a database, for writing or for reading. It must not write before
//! the file is known to be ours.

use crate::connect;
use crate::error::{Fault, SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_READONLY, StoreError, result_code};
use crate::lock::{self, RunLock};
use crate::schema::{self, Schema};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{ConnectOptions as _, Connection as _, Sqlite, SqliteConnection, Transaction};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The right to write, of anybody, in a file's mode.
const WRITING: u32 = 0o222;

/// An open database. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
    /// As it was given, for errors.
    path: PathBuf,
    /// Without links, and right whatever the working directory becomes.
    file: PathBuf,
    access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    Read,
    /// Reading without locks, since the folder does not permit them.
    ReadImmutable,
}

impl Store {
    /// Opens a database for writing; makes it, and its folder, if missing,
    /// and migrates it if it is older than this program; a copy of the older one stays
    /// beside it.
    ///
    /// # Errors
    /// When the file is no database, another program's, damaged, newer than
    /// this program, or may not be written; it is then left as it was.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                let detail = format!("making the folder {}: {error}", folder.display());
                StoreError::CannotOpen { path: path.to_owned(), detail }
            })?;
        }
        if content(path)? != Content::Missing {
            // SQLite itself would silently fall back to reading.
            OpenOptions::new().append(true).open(path).map_err(|error| match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    StoreError::ReadOnly { path: path.to_owned(), doing: "opening".to_owned() }
                }
                _ => cannot_open(path, &error),
            })?;
        }
        permit_files_beside(path)?;
        let absolute = std::path::absolute(path).map_err(|error| cannot_open(path, &error))?;
        prepare(path, connect::writing(&absolute, true)).await?;
        let file = path.canonicalize().map_err(|error| cannot_open(path, &error))?;
        let pool = connect::pool(connect::writing(&file, false));
        Ok(Self { pool, path: path.to_owned(), file, access: Access::Write })
    }

    /// Opens a database for reading, also while a runner writes to it.
    ///
    /// The file's content is never changed. SQLite keeps a `-wal` and a
    /// `-shm` file beside it while it is open. Where the folder does not
    /// permit that, a database nobody is writing (no `-wal` beside it) is
    /// read without locks; should a runner begin to write all the same, the
    /// next call fails and asks to open it again.
    ///
    /// # Errors
    /// When there is no file, it is empty, no database, another program's,
    /// damaged, or of another schema than this program's.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        match content(path)? {
            Content::Missing => return Err(StoreError::NotFound { path: path.to_owned() }),
            Content::Nothing => return Err(StoreError::Empty { path: path.to_owned() }),
            Content::Database => {}
        }
        let file = path.canonicalize().map_err(|error| cannot_open(path, &error))?;
        let (mut options, mut access) = (connect::reading(&file), Access::Read);
        let mut looked = look(&options).await;
        if let Err(Fault::Sql(error)) = &looked
            && needs_folder(error)
            && !wal_path(&file).exists()
        {
            (options, access) = (connect::reading_immutable(&file), Access::ReadImmutable);
            looked = look(&options).await;
        }
        let schema = looked.map_err(|fault| fault.at(path, "opening"))?;
        if let Some(refusal) = schema.refusal(path) {
            return Err(refusal);
        }
        match schema {
            Schema::None => Err(StoreError::Empty { path: path.to_owned() }),
            Schema::Older(missing) => {
                let known = schema::known();
                Err(StoreError::OlderSchema { path: path.to_owned(), missing, known })
            }
            _ => Ok(Self { pool: connect::pool(options), path: path.to_owned(), file, access }),
        }
    }

    /// The file, as it was named when opening it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes all connections; the last one out tidies the `-wal` file away.
    /// Dropping a store loses nothing, but leaves that to the next process.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// The file itself, for the runner's lock.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Whether a runner is at work on this database.
    pub(crate) fn runner_is_alive(&self) -> bool {
        lock::is_held(&self.file)
    }

    /// Adds the file and what was attempted to an error.
    pub(crate) fn fault(&self, doing: &str) -> impl FnOnce(Fault) -> StoreError {
        move |fault| fault.at(&self.path, doing)
    }

    /// Begins reading: everything read in it is of one moment.
    pub(crate) async fn reading(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.still_readable()?;
        self.pool.begin().await.map_err(|error| self.fault("reading")(error.into()))
    }

    /// A connection outside of any transaction.
    pub(crate) async fn connection(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.still_readable()?;
        self.pool.acquire().await.map_err(|error| self.fault("reading")(error.into()))
    }

    /// Begins writing; `doing` is for the error. Dropped, it leaves no trace.
    pub(crate) async fn writing(
        &self,
        doing: &str,
    ) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.may_write(doing)?;
        // IMMEDIATE: waits for other writers here, where nothing is lost yet.
        let begun = self.pool.begin_with("BEGIN IMMEDIATE").await;
        begun.map_err(|error| self.fault(doing)(error.into()))
    }

    /// Refuses what a store opened for reading cannot do.
    pub(crate) fn may_write(&self, doing: &str) -> Result<(), StoreError> {
        if self.access == Access::Write {
            return Ok(());
        }
        Err(StoreError::ReadOnly { path: self.path.clone(), doing: doing.to_owned() })
    }

    /// Without locks, what is read would be torn once somebody writes.
    fn still_readable(&self) -> Result<(), StoreError> {
        if self.access == Access::ReadImmutable && wal_path(&self.file).exists() {
            return Err(StoreError::CannotOpen {
                path: self.path.clone(),
                detail: "a runner began to write while it was read without locks; open it again"
                    .to_owned(),
            });
        }
        Ok(())
    }
}

/// Makes sure that a file opened for writing is ours, current and in WAL mode.
async fn prepare(path: &Path, options: SqliteConnectOptions) -> Result<(), StoreError> {
    let fault = |error: Fault| error.at(path, "opening");
    let sql = |error: sqlx::Error| Fault::Sql(error).at(path, "opening");
    let mut connection = options.connect().await.map_err(sql)?;
    let schema = schema::inspect(&mut connection).await.map_err(fault)?;
    if let Some(refusal) = schema.refusal(path) {
        return Err(refusal);
    }
    if schema != Schema::Current {
        // A runner of an older program must not find its schema changed.
        let _lock = match &schema {
            Schema::Older(missing) => {
                let lock = RunLock::take(path).await?;
                keep_older(&mut connection, path, missing).await?;
                Some(lock)
            }
            _ => None,
        };
        schema::migrate(&mut connection).await.map_err(fault)?;
    }
    use_write_ahead_log(&mut connection).await.map_err(fault)?;
    connection.close().await.map_err(sql)
}

/// A copy of the database as an older program left it, `FILE.before-N` beside it, N
/// being the first migration it lacks: who wants to go back to that program can. Not
/// made twice, so that it stays what the older program left.
async fn keep_older(
    connection: &mut SqliteConnection,
    path: &Path,
    missing: &[i64],
) -> Result<(), StoreError> {
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".before-{}", missing.first().copied().unwrap_or_default()));
    let copy = PathBuf::from(copy);
    if copy.try_exists().map_err(|error| cannot_open(&copy, &error))? {
        return Ok(());
    }
    let partial = copy.with_extension("partial");
    let name = partial.to_str().ok_or_else(|| StoreError::CannotOpen {
        path: path.to_owned(),
        detail: "its name is not UTF-8, so no copy of it can be made before it is changed"
            .to_owned(),
    })?;
    // Of an attempt that was cut off; nobody else is at it, by the runners' lock.
    let _ = std::fs::remove_file(&partial);
    let copied = sqlx::query("VACUUM INTO ?1").bind(name).execute(connection).await;
    copied.map_err(|error| Fault::Sql(error).at(&partial, "copying it before it is changed"))?;
    std::fs::rename(&partial, &copy).map_err(|error| cannot_open(&copy, &error))
}

/// WAL lets readers read while a runner writes. The mode stays with the file;
/// entering it takes a lock that SQLite's busy timeout does not wait for.
async fn use_write_ahead_log(connection: &mut SqliteConnection) -> Result<(), Fault> {
    const ATTEMPTS: u32 = 100;
    let mut attempt = 1;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
            Ok(_) => return Ok(()),
            Err(error) if attempt == ATTEMPTS || result_code(&error) != Some(SQLITE_BUSY) => {
                return Err(error.into());
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        attempt += 1;
    }
}

/// Whether SQLite failed to make its files beside the database.
fn needs_folder(error: &sqlx::Error) -> bool {
    let primary = result_code(error).map(|code| code & 0xff);
    matches!(primary, Some(SQLITE_CANTOPEN | SQLITE_READONLY))
}

/// What schema a file has, looked at through a connection of its own.
async fn look(options: &SqliteConnectOptions) -> Result<Schema, Fault> {
    let mut connection = options.connect().await?;
    let schema = schema::inspect(&mut connection).await?;
    connection.close().await?;
    Ok(schema)
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Missing,
    /// No byte at all: what `touch` makes, or a crash before the first page.
    Nothing,
    Database,
}

/// What stands at a path, by its first bytes.
fn content(path: &Path) -> Result<Content, StoreError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut start = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    match read {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Content::Missing),
        Err(error) => Err(cannot_open(path, &error)),
        Ok(0) => Ok(Content::Nothing),
        Ok(_) if start == MAGIC => Ok(Content::Database),
        Ok(_) => Err(StoreError::NotADatabase { path: path.to_owned() }),
    }
}

fn cannot_open(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::CannotOpen { path: path.to_owned(), detail: error.to_string() }
}

/// Lets whoever may write a database write SQLite's files beside it, too. SQLite makes
/// them with the permissions that the database has at the time: those that a reader made
/// while it could not be written stay so, and every write would be refused.
///
/// They are not opened for this: closing them would end SQLite's locks on them.
fn permit_files_beside(path: &Path) -> Result<(), StoreError> {
    let Ok(file) = path.canonicalize() else { return Ok(()) };
    let mode = |path: &Path| std::fs::metadata(path).map(|it| it.permissions().mode());
    let wanted = mode(&file).map_err(|error| cannot_open(path, &error))?;
    for path in [wal_path(&file), beside(&file, "-shm")] {
        let lacks = mode(&path).is_ok_and(|has| wanted & WRITING & !has != 0);
        if lacks && std::fs::set_permissions(&path, Permissions::from_mode(wanted)).is_err() {
            return Err(StoreError::ReadOnly { path, doing: "opening".to_owned() });
        }
    }
    Ok(())
}

fn wal_path(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}
