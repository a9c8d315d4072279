//! From a real database to pages.

use super::pages::{fixture_site, read};
use crate::fixture;
use ::site::build;
use store::Store;

#[tokio::test]
async fn a_database_becomes_the_same_site() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("db.sqlite");
    let inputs = fixture::inputs();
    let writing = Store::open(&file).await.unwrap();
    for run in fixture::runs() {
        writing.import(&run).await.unwrap();
    }
    writing.close().await;
    let out = dir.path().join("out");
    let store = Store::open_read_only(&file).await.unwrap();
    let cache = dir.path().join("cache");
    let from_memory = fixture_site();
    for read_again in [13, 0] {
        let built = build(&store, &inputs, &out, Some(&cache), fixture::now()).await.unwrap();
        assert_eq!((built.runs, built.read, built.suites), (13, read_again, 3));
        let pages = read(&out);
        for (path, text) in from_memory.iter().filter(|(path, _)| *path != "index.html") {
            assert_eq!(text, &pages[path], "{path} differs from the one built without a database");
        }
    }
    // What was damaged is read again.
    let folder = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut runs: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|it| it == "run")).collect();
    runs.sort();
    std::fs::write(&runs[0], "cut off").unwrap();
    let mut bytes = std::fs::read(&runs[1]).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&runs[1], bytes).unwrap();
    let built = build(&store, &inputs, &out, Some(&cache), fixture::now()).await.unwrap();
    assert_eq!((built.runs, built.read), (13, 2));
}
