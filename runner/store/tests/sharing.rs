//! One writer, many readers, several processes at once.

use crate::example::{block, complete, head, second};
use model::Run;
use std::path::{Path, PathBuf};
use store::{Imported, RunWriter, Store};

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/on/demand/runs.sqlite");
    (folder, path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_database_may_be_opened_by_several_at_once() {
    let (_folder, path) = fresh();
    let openers: Vec<_> = (0..8)
        .map(|bits| {
            let path = path.clone();
            tokio::spawn(async move {
                let store = Store::open(&path).await.unwrap();
                store.import(&complete(bits, 2)).await.unwrap()
            })
        })
        .collect();
    for opener in openers {
        assert_eq!(opener.await.unwrap(), Imported::New);
    }
    assert_eq!(Store::open(&path).await.unwrap().visible_runs().await.unwrap().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_blocks_while_a_runner_writes_and_others_import() {
    const BLOCKS: u32 = 40;
    let (_folder, path) = fresh();
    let store = Store::open(&path).await.unwrap();
    let mut writer = store.begin_run(&head(1)).await.unwrap();
    let reader_path = path.clone();
    let reader = tokio::spawn(async move {
        let reader = Store::open_read_only(&reader_path).await.unwrap();
        let mut seen = Vec::new();
        while seen.last() != Some(&(BLOCKS as usize)) {
            let run = reader.run("0000000000000001").await.unwrap();
            for (ordinal, stored) in (0..).zip(&run.blocks) {
                assert_eq!(*stored, block(ordinal));
            }
            seen.push(run.blocks.len());
        }
        assert!(seen.is_sorted());
    });
    let importer = Store::open(&path).await.unwrap();
    let importer = tokio::spawn(async move {
        for bits in 2..7 {
            importer.import(&complete(bits, 10)).await.unwrap();
        }
    });
    for ordinal in 0..BLOCKS {
        writer.add_block(&block(ordinal)).await.unwrap();
    }
    writer.finish(second(3_000)).await.unwrap();
    reader.await.unwrap();
    importer.await.unwrap();
    assert_eq!(store.visible_runs().await.unwrap().len(), 6);
}

/// A server moves its requests from thread to thread; sqlx makes futures that
/// cannot follow all too easily.
#[test]
fn every_future_may_change_threads() {
    fn check(_: impl Send) {}
    #[expect(dead_code, reason = "it only has to compile")]
    fn all(store: &Store, mut writer: RunWriter, other: RunWriter, run: &Run, path: &Path) {
        check(Store::open(path));
        check(Store::open_read_only(path));
        check(store.begin_run(run));
        check(store.resume_run(&run.id));
        check(writer.add_block(&run.blocks[0]));
        check(writer.finish(run.started_at));
        check(other.interrupt());
        check(store.runs());
        check(store.run("latest"));
        check(store.run_id("latest"));
        check(store.visible_runs());
        check(store.import(run));
        check(store.check());
        check(store.backup(path));
        check(store.clone().close());
    }
}

#[tokio::test]
async fn a_backup_holds_what_was_committed() {
    let (folder, path) = fresh();
    let store = Store::open(&path).await.unwrap();
    store.import(&complete(1, 3)).await.unwrap();
    let mut writer = store.begin_run(&head(2)).await.unwrap();
    writer.add_block(&block(0)).await.unwrap();
    let copy = folder.path().join("copy.sqlite");
    Store::open_read_only(&path).await.unwrap().backup(&copy).await.unwrap();
    let copied = Store::open_read_only(&copy).await.unwrap();
    copied.check().await.unwrap();
    assert_eq!(copied.run("latest").await.unwrap(), complete(1, 3));
    assert_eq!(copied.runs().await.unwrap().len(), 2);
    let again = store.backup(&copy).await.unwrap_err().to_string();
    assert!(again.contains("a backup never replaces a file"), "{again}");
}
