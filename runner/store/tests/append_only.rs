//! Nothing is updated, deleted or replaced, whoever opens the file: the
//! statements here come through a connection the store knows nothing of.

use crate::example;
use crate::words::wrapped;
use expect_test::expect;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use std::path::Path;
use store::Store;

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn refusal(db: &mut SqliteConnection, sql: String) -> Result<(), String> {
    match sqlx::query(AssertSqlSafe(sql)).execute(db).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.as_database_error().unwrap().message().to_owned()),
    }
}

/// What the service keeps beside results: jobs go on, tokens end. Its own rules are
/// beside the tables, and tested with the service.
const OF_SERVICE: &[&str] =
    &["token", "audit", "upload", "job", "job_parent", "job_event", "message"];

/// Every table with rows in a database of one complete and one running run.
async fn tables(db: &mut SqliteConnection) -> Vec<String> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let names: Vec<String> =
        names.into_iter().filter(|name| !OF_SERVICE.contains(&name.as_str())).collect();
    for name in &names {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {name}"));
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut *db).await.unwrap();
        assert!(count > 0, "{name} is empty, so this test says nothing about it");
    }
    names
}

#[tokio::test]
async fn rows_of_every_table_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let store = Store::open(&path).await.unwrap();
    store.import(&example::complete(1, 2)).await.unwrap();
    let mut writer = store.begin_run(&example::head(2)).await.unwrap();
    writer.add_block(&example::block(0)).await.unwrap();

    let mut db = connect(&path).await;
    for table in tables(&mut db).await {
        let columns = AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')"));
        let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut db).await.unwrap();
        for column in columns {
            let sql = format!("UPDATE {table} SET {column} = {column}");
            let text = refusal(&mut db, sql).await.unwrap_err();
            assert!(text.starts_with(&format!("{table} is append-only: ")), "{text}");
        }
        let text = refusal(&mut db, format!("DELETE FROM {table}")).await.unwrap_err();
        assert_eq!(text, format!("{table} is append-only: rows are never deleted"));
    }
    writer.finish(example::second(3_000)).await.unwrap();
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_finished_run_is_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let store = Store::open(&path).await.unwrap();
    store.import(&example::complete(1, 1)).await.unwrap();
    let mut db = connect(&path).await;
    let mut all = Vec::new();
    for sql in [
        "INSERT OR REPLACE INTO sample SELECT block, series, idx, value + 1 FROM sample",
        "INSERT INTO sample SELECT block, series, idx + 100, value FROM sample",
        "INSERT OR REPLACE INTO histogram SELECT * FROM histogram",
        "INSERT INTO block_label SELECT block, position + 1, label FROM block_label",
        "INSERT OR REPLACE INTO absent SELECT * FROM absent",
        "INSERT OR REPLACE INTO block SELECT * FROM block",
        "INSERT INTO run_artifact SELECT run, position + 9, artifact FROM run_artifact",
        "INSERT OR REPLACE INTO failed_build SELECT * FROM failed_build",
        "INSERT OR REPLACE INTO run SELECT * FROM run",
        "UPDATE run SET status = 'interrupted'",
        "UPDATE run SET status = 'running', finished_at_ns = NULL",
        "UPDATE run SET finished_at_ns = finished_at_ns + 1",
        "UPDATE run SET status = 'interrupted', seed = 1",
    ] {
        all.push(refusal(&mut db, sql.to_owned()).await.unwrap_err());
    }
    expect![[r#"
        sample is append-only: its run is not running
        sample is append-only: its run is not running
        histogram is append-only: its run is not running
        block_label is append-only: its run is not running
        absent is append-only: its run is not running
        block is append-only: its run is not running
        run_artifact is append-only: its run is not running
        failed_build is append-only: its run is not running
        run is append-only: a new row is named anew and begins as running
        run is append-only: its status may go from running to complete or interrupted,
        and back from interrupted to running
        run is append-only: its status may go from running to complete or interrupted,
        and back from interrupted to running
        run is append-only: its status may go from running to complete or interrupted,
        and back from interrupted to running
        run is append-only: its status may go from running to complete or interrupted,
        and back from interrupted to running"#]]
    .assert_eq(&wrapped(&all.join("\n")));
    assert_eq!(store.run("latest").await.unwrap(), example::complete(1, 1));
}
