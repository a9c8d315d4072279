//! A later build makes few files anew, and gives what a build from nothing gives.

use crate::fixture;
use ::site::{Built, build};
use jiff::SignedDuration;
use model::{Digest, Run, RunId, VersionId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::Store;

/// So many that older points of a series have a file of their own.
const VERSIONS: i64 = 810;
/// Those files: one of the host's series and one of the floor's.
const OLDER: usize = 2;

/// A small run of its own version.
fn run_of(version: i64) -> Run {
    let mut run = fixture::runs().swap_remove(fixture::NEW_TESTBED_AT);
    run.blocks.retain(|block| block.cell.suite == "size" && block.round == 0);
    for (ordinal, block) in (0..).zip(&mut run.blocks) {
        block.ordinal = ordinal;
    }
    run.planned_blocks = run.blocks.len() as u32;
    rename(&mut run, version as u64, version);
    if let VersionId::Commit { sha, committed_at, .. } = &mut run.artifacts[0].version {
        *sha = Digest::of(format!("version {version}")).to_string()[..40].to_owned();
        *committed_at += SignedDuration::from_hours(version);
    }
    run
}

fn rename(run: &mut Run, name: u64, hours: i64) {
    run.id = RunId::from_bits(0x2000_0000_0000_0000 + name);
    run.started_at += SignedDuration::from_hours(hours);
    run.finished_at = Some(run.started_at);
    for block in &mut run.blocks {
        block.started_at = run.started_at;
    }
}

/// An old version measured again, with more blocks: it speaks for the version now.
fn again(version: i64) -> Run {
    let mut run = run_of(version);
    rename(&mut run, 0xfeed, 2 * VERSIONS);
    for block in run.blocks.clone() {
        let ordinal = run.blocks.len() as u32;
        run.blocks.push(model::Block { round: 1, ordinal, ..block });
    }
    run.planned_blocks = run.blocks.len() as u32;
    run
}

struct Checkout {
    dir: tempfile::TempDir,
}

impl Checkout {
    async fn import(&self, runs: impl IntoIterator<Item = Run>) {
        let store = Store::open(&self.dir.path().join("db.sqlite")).await.unwrap();
        for run in runs {
            store.import(&run).await.unwrap();
        }
        store.close().await;
    }

    /// Builds into a folder, with the cache or without.
    async fn build(&self, out: &str, is_cached: bool) -> (Built, BTreeMap<PathBuf, Vec<u8>>) {
        let store = Store::open_read_only(&self.dir.path().join("db.sqlite")).await.unwrap();
        let (out, cache) = (self.dir.path().join(out), self.dir.path().join("cache"));
        let (inputs, now) = (fixture::inputs(), fixture::now());
        let cache = is_cached.then_some(cache.as_path());
        let built = build(&store, &inputs, &out, cache, now).await.unwrap();
        store.close().await;
        let mut files = BTreeMap::new();
        read(&out, &out, &mut files);
        (built, files)
    }
}

fn read(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_path_buf();
            files.insert(name, std::fs::read(path).unwrap());
        }
    }
}

#[tokio::test]
async fn a_later_build_gives_what_a_first_one_gives() {
    let checkout = Checkout { dir: tempfile::tempdir().unwrap() };
    checkout.import((0..VERSIONS).map(run_of)).await;
    let (first, mut before) = checkout.build("out", true).await;
    assert_eq!((first.kept, first.read), (0, VERSIONS as usize));

    // Files of all runs, and of the older points of both series.
    let of_runs = 2 * VERSIONS as usize;
    checkout.import([run_of(VERSIONS)]).await;
    let (second, after) = checkout.build("out", true).await;
    assert_eq!((second.kept - of_runs, second.read), (OLDER, 1));
    before.retain(|path, bytes| after.get(path) == Some(bytes));
    assert!(before.len() >= second.kept, "a file that was taken over differs");
    let (_, whole) = checkout.build("whole", false).await;
    assert!(after == whole, "a later build differs from a first one");

    // Older points change, and somebody touches a file.
    checkout.import([again(3)]).await;
    let touched = checkout.dir.path().join("out/run/2000000000000000.html");
    std::fs::write(&touched, vec![b'x'; std::fs::metadata(&touched).unwrap().len() as usize])
        .unwrap();
    let (third, after) = checkout.build("out", true).await;
    assert_eq!((third.kept, third.read), (of_runs, 1));
    let (_, whole) = checkout.build("whole", false).await;
    assert!(after == whole, "a later build differs from a first one");
}
