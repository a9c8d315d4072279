//! What the cache holds, and what goes first.

use crate::project::{Project, output};
use build::{Builder, CacheKind};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A project whose three versions are built, the second used last and two days ago.
fn three_artifacts() -> (Project, Vec<PathBuf>) {
    let mut project = Project::new();
    let mut binaries = vec![project.obtain("HEAD").0.binary];
    for what in ["two", "three"] {
        project.says(what);
        project.commit(what);
        binaries.push(project.obtain("HEAD").0.binary);
    }
    for (index, days) in [(0, 4), (1, 2), (2, 3)] {
        let record = binaries[index].with_file_name("artifact.json");
        let at = SystemTime::now() - Duration::from_hours(24 * days);
        fs::File::open(record).unwrap().set_modified(at).unwrap();
    }
    (project, binaries)
}

fn artifacts(builder: &Builder) -> usize {
    let entries = builder.cached().unwrap();
    entries.iter().filter(|entry| entry.kind == CacheKind::Artifact).count()
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let (project, binaries) = three_artifacts();
    let builder = project.builder();
    let entries = builder.cached().unwrap();
    assert_eq!(artifacts(&builder), 3);
    assert!(entries.windows(2).all(|pair| pair[0].used_at >= pair[1].used_at), "{entries:?}");
    let total: u64 = entries.iter().map(|entry| entry.bytes).sum();
    // A byte too much is the oldest.
    let removed = builder.prune(total - 1).unwrap();
    assert_eq!(removed.len(), 1);
    let exist: Vec<bool> = binaries.iter().map(|binary| binary.exists()).collect();
    assert_eq!(exist, [false, true, true]);
    // What is gone is built again; what is used stays longer.
    assert!(!project.obtain("HEAD~2").0.from_cache);
    assert_eq!(output(&project.obtain("HEAD~2").0), "one");
    builder.prune(0).unwrap();
    assert_eq!(builder.cached().unwrap(), []);
}

#[test]
fn others_that_live_there_are_not_touched() {
    let (project, _) = three_artifacts();
    for name in ["target/tools/debug/bench", "artifacts/notes", "logs/mine.txt"] {
        let path = project.cache().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    project.builder().prune(0).unwrap();
    for name in ["target/tools/debug/bench", "artifacts/notes", "logs/mine.txt"] {
        assert!(project.cache().join(name).exists(), "{name}");
    }
}

#[test]
fn nothing_goes_while_somebody_measures() {
    let (project, binaries) = three_artifacts();
    let hold = project.builder().hold().unwrap();
    let error = project.builder().prune(0).unwrap_err().to_string();
    assert!(error.starts_with("the cache is in use by another `bench`"), "{error}");
    // Two may measure at a time.
    let _other = project.builder().hold().unwrap();
    drop((hold, _other));
    project.builder().prune(0).unwrap();
    assert!(!binaries[0].exists());
}

#[test]
fn a_build_makes_room_and_keeps_what_is_in_use() {
    let (mut project, binaries) = three_artifacts();
    project.says("four");
    project.commit("Say four");
    let builder = project.builder().with_limit(Some(1));
    let resolved = builder.resolve(&crate::project::target(), &crate::project::spec("HEAD"));
    let built = builder.obtain(&resolved.unwrap(), &mut |_| {}).unwrap();
    assert!(binaries.iter().all(|binary| !binary.exists()));
    assert_eq!(output(&built), "four");
}
