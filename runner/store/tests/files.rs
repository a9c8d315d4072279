//! Files that are not what they should be, and the exact words about it. None
//! of them may be changed by looking at it.

use crate::example::{complete, head};
use crate::words::wrapped;
use expect_test::{Expect, expect};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use store::{Store, StoreError};

/// Opens a file both ways: each must say what is expected, and leave the file
/// alone unless it opens.
async fn check(path: &Path, expected: Expect) {
    let before = fs::read(path).ok();
    let text = |result: Result<Store, StoreError>| {
        let folder = path.parent().unwrap().to_str().unwrap();
        result.map_or_else(|e| e.to_string(), |_| "opens".to_owned()).replace(folder, "")
    };
    let reading = text(Store::open_read_only(path).await);
    assert_eq!(fs::read(path).ok(), before, "reading changed the file");
    let writing = text(Store::open(path).await);
    if writing != "opens" {
        assert_eq!(fs::read(path).ok(), before, "refusing to write changed the file");
    }
    if reading == writing {
        expected.assert_eq(&wrapped(&reading));
    } else {
        expected.assert_eq(&wrapped(&format!("reading: {reading}\nwriting: {writing}")));
    }
}

/// A database with one run, closed.
async fn stored(folder: &Path) -> PathBuf {
    let path = folder.join("runs.sqlite");
    let store = Store::open(&path).await.unwrap();
    store.import(&complete(1, 40)).await.unwrap();
    store.close().await;
    assert!(!folder.join("runs.sqlite-wal").exists(), "closing leaves one tidy file");
    path
}

async fn execute(path: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut db = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

#[tokio::test]
async fn missing_and_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    check(
        &path,
        expect![[r#"
        reading: /runs.sqlite: there is no database; `bench run` or `bench import`
        creates it, `--db FILE` names another
        writing: opens"#]],
    )
    .await;
    let touched = folder.path().join("touched.sqlite");
    fs::write(&touched, "").unwrap();
    check(
        &touched,
        expect![[r#"
        reading: /touched.sqlite: the database is still empty; `bench run` or `bench
        import` fills it
        writing: opens"#]],
    )
    .await;
    let below_a_file = touched.join("runs.sqlite");
    check(
        &below_a_file,
        expect![[r#"
        reading: /runs.sqlite: cannot open the database: Not a directory (os error 20);
        check that the folder exists and that you may write in it
        writing: /runs.sqlite: cannot open the database: making the folder : File exists
        (os error 17); check that the folder exists and that you may write in it"#]],
    )
    .await;
    let directory = folder.path().join("directory");
    fs::create_dir(&directory).unwrap();
    check(
        &directory,
        expect![[r#"
        /directory: cannot open the database: Is a directory (os error 21); check that
        the folder exists and that you may write in it"#]],
    )
    .await;
}

#[tokio::test]
async fn something_else() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "These are my notes, not a database. ".repeat(200)).unwrap();
    check(
        &text,
        expect![[r#"
        /notes.txt: this is not a SQLite database, so it was left alone; name another
        file with `--db FILE`, or move this one away"#]],
    )
    .await;
    let foreign = folder.path().join("foreign.sqlite");
    execute(&foreign, "CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('Help!')").await;
    check(
        &foreign,
        expect![[r#"
        /foreign.sqlite: this SQLite database belongs to another program, so it was left
        alone; name another file with `--db FILE`"#]],
    )
    .await;
}

#[tokio::test]
async fn damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = stored(folder.path()).await;
    let mut db = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let page = "SELECT rootpage FROM sqlite_schema WHERE name = 'sample'";
    let page: i64 = sqlx::query_scalar(page).fetch_one(&mut db).await.unwrap();
    db.close().await.unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    check(
        &path,
        expect![[r#"
        /runs.sqlite: the database is damaged: database disk image is malformed. Nothing
        was changed; restore a backup, or move the file and its `-wal` away and import
        the published bundles again"#]],
    )
    .await;
    fs::write(&path, &whole[..50]).unwrap();
    check(
        &path,
        expect![[r#"
        /runs.sqlite: the database is damaged: database disk image is malformed. Nothing
        was changed; restore a backup, or move the file and its `-wal` away and import
        the published bundles again"#]],
    )
    .await;
    let mut header = whole.clone();
    header[16..100].fill(0xff);
    fs::write(&path, &header).unwrap();
    check(
        &path,
        expect![[r#"
        /runs.sqlite: this is not a SQLite database, so it was left alone; name another
        file with `--db FILE`, or move this one away"#]],
    )
    .await;

    // A page of samples shows only when it is read.
    let mut holed = whole.clone();
    let start = (page as usize - 1) * 4096;
    holed[start..start + 4096].fill(0xee);
    fs::write(&path, &holed).unwrap();
    let store = Store::open_read_only(&path).await.unwrap();
    assert!(matches!(store.check().await, Err(StoreError::Corrupt { .. })));
    let read = store.run("latest").await.unwrap_err().to_string();
    let read = read.replace(folder.path().to_str().unwrap(), "");
    expect![[r#"
        /runs.sqlite: the database is damaged: database disk image is malformed. Nothing
        was changed; restore a backup, or move the file and its `-wal` away and import
        the published bundles again"#]]
    .assert_eq(&wrapped(&read));
    assert_eq!(fs::read(&path).unwrap(), holed);
}

#[tokio::test]
async fn of_another_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = stored(folder.path()).await;
    execute(&path, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2").await;
    check(
        &path,
        expect![[r#"
        /runs.sqlite: migration 2 of the database is not this program's, so it was left
        alone; export it with the `bench` that wrote it and import that into a new file"#]],
    )
    .await;
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (99, 'from the future', TRUE, x'00', 0)";
    execute(&path, newer).await;
    check(
        &path,
        expect![[r#"
            /runs.sqlite: the database has schema 99, this program knows schema 7 and left
            it alone; use the newer `bench` that wrote it"#]],
    )
    .await;
}

/// As an older program would have left it: only the first migration applied.
#[tokio::test]
async fn of_an_older_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let all = sqlx::migrate::Migrator::new(source).await.unwrap();
    let first = all.iter().take(1).cloned().collect();
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut db = options.connect().await.unwrap();
    sqlx::migrate::Migrator::with_migrations(first).run(&mut db).await.unwrap();
    db.close().await.unwrap();
    check(
        &path,
        expect![[r#"
            reading: /runs.sqlite: an older `bench` made the database; of 7 migrations it
            lacks 2, 3, 4, 5, 6, 7; any writing command (`bench run`, `bench import`) adds
            what is missing and keeps the rest
            writing: opens"#]],
    )
    .await;
    let store = Store::open_read_only(&path).await.unwrap();
    assert_eq!(store.runs().await.unwrap(), []);
    let kept = folder.path().join("runs.sqlite.before-2");
    let mut kept =
        SqliteConnectOptions::new().filename(&kept).read_only(true).connect().await.unwrap();
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&mut kept)
        .await
        .unwrap();
    assert_eq!(applied, 1);
}

/// Permissions do not bind root, so as root these play in a process of
/// `nobody`: this very binary, from a folder that user may enter.
fn play_without_privileges(test: &str, folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let binary = folder.join("test-binary");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut command = Command::new(&binary);
    command.args(["--exact", test, "--nocapture"]).env(PLAY_IN, folder.join("db"));
    if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

const PLAY_IN: &str = "STORE_TEST_READ_ONLY_FOLDER";

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn in_a_read_only_folder() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("db");
    fs::create_dir(&place).unwrap();
    let path = stored(&place).await;
    permit(&path, 0o644);
    permit(&place, 0o555);
    play_without_privileges("files::read_only_folder_player", folder.path());
    permit(&place, 0o755);
}

/// Not a test of its own: see [`play_without_privileges`].
#[tokio::test]
async fn read_only_folder_player() {
    let Some(place) = std::env::var_os(PLAY_IN).map(PathBuf::from) else { return };
    let path = place.join("runs.sqlite");
    check(
        &path,
        expect![[r#"
            reading: opens
            writing: /runs.sqlite: opening: the database may only be read; check the
            permissions of the file and of its folder"#]],
    )
    .await;
    let store = Store::open_read_only(&path).await.unwrap();
    assert_eq!(store.run("latest").await.unwrap(), complete(1, 40));
    store.check().await.unwrap();
    let refused = store.begin_run(&head(2)).await.unwrap_err().to_string();
    let refused = refused.replace(place.to_str().unwrap(), "");
    expect![[r#"
        /runs.sqlite: beginning run 0000000000000002: the database may only be read;
        check the permissions of the file and of its folder"#]]
    .assert_eq(&wrapped(&refused));
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "nothing was made beside the file");
    check(
        &place.join("new.sqlite"),
        expect![[r#"
            reading: /new.sqlite: there is no database; `bench run` or `bench import`
            creates it, `--db FILE` names another
            writing: /new.sqlite: cannot open the database: unable to open database file;
            check that the folder exists and that you may write in it"#]],
    )
    .await;
}

#[tokio::test]
async fn a_database_that_may_be_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("db");
    fs::create_dir(&place).unwrap();
    permit(&place, 0o777);
    play_without_privileges("files::written_again_player", folder.path());
}

/// Not a test of its own: see [`play_without_privileges`].
#[tokio::test]
async fn written_again_player() {
    let Some(place) = std::env::var_os(PLAY_IN).map(PathBuf::from) else { return };
    let path = stored(&place).await;
    permit(&path, 0o444);
    let reader = Store::open_read_only(&path).await.unwrap();
    assert_eq!(reader.run("latest").await.unwrap(), complete(1, 40));
    let beside = place.join("runs.sqlite-shm");
    let mode = fs::metadata(&beside).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o444, "SQLite makes its files as the database is");
    permit(&path, 0o644);
    // As the service does: the reader goes once there is a writer.
    let writer = Store::open(&path).await.unwrap();
    reader.close().await;
    writer.import(&complete(2, 1)).await.unwrap();
    writer.close().await;
    assert!(!beside.exists(), "closing leaves one tidy file");
}

/// Migrations that were written side by side reach a database in any order.
#[tokio::test]
async fn a_database_that_lacks_an_earlier_migration() {
    let folder = tempfile::tempdir().unwrap();
    let path = stored(folder.path()).await;
    execute(
        &path,
        "DROP TABLE failed_build; DELETE FROM _sqlx_migrations WHERE version = 3;
        ALTER TABLE testbed DROP COLUMN idle_cpus;
        DELETE FROM _sqlx_migrations WHERE version = 6;",
    )
    .await;
    check(
        &path,
        expect![[r#"
        reading: /runs.sqlite: an older `bench` made the database; of 7 migrations it
        lacks 3, 6; any writing command (`bench run`, `bench import`) adds what is
        missing and keeps the rest
        writing: opens"#]],
    )
    .await;
    let store = Store::open_read_only(&path).await.unwrap();
    store.check().await.unwrap();
    let expected = model::Run { failed_builds: Vec::new(), ..complete(1, 40) };
    assert_eq!(store.run("latest").await.unwrap(), expected);
}
