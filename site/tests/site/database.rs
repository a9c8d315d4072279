//! From a real database to pages.

use super::pages::{fixture_site, read};
use crate::fixture;
use ::site::build;
use store::Store;

#[tokio::test]
async fn a_database_becomes_the_same_site() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.sqlite");
    let (suites, config) = (fixture::suites(), fixture::config());
    let writing = Store::open(&file).await.unwrap();
    for run in fixture::runs() {
        writing.import(&run).await.unwrap();
    }
    writing.close().await;
    let out = dir.path().join("out");
    let store = Store::open_read_only(&file).await.unwrap();
    let built = build(&store, &suites, &config, &out, fixture::now()).await.unwrap();
    assert_eq!((built.runs, built.suites), (13, 3));
    let pages = read(&out);
    let from_memory = fixture_site();
    for (path, text) in from_memory.iter().filter(|(path, _)| *path != "index.html") {
        assert_eq!(text, &pages[path], "{path} differs from the one built without a database");
    }
}
