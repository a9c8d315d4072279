//! Builds at the same time, and builds that are stopped.

use crate::project::{Project, output};
use build::{BuildError, Progress};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A build script that notes its process and takes its time.
fn build_slowly(project: &Project, pid: &Path, seconds: u32) {
    project.write(
        "host/build.rs",
        &format!(
            r#"fn main() {{
                std::fs::write({pid:?}, std::process::id().to_string()).unwrap();
                std::thread::sleep(std::time::Duration::from_secs({seconds}));
            }}"#
        ),
    );
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(Instant::now() < deadline, "{} never came", path.display());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn builds_wait_for_each_other() {
    let mut project = Project::new();
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    build_slowly(&project, &pid, 4);
    project.commit("Build slowly");
    let slow = project.resolve("HEAD").unwrap();
    let quick = project.resolve("HEAD~1").unwrap();
    let builders = (project.builder(), project.builder(), project.builder());
    let run = |builder: build::Builder, resolved: build::Resolved| {
        move || {
            let mut told = Vec::new();
            let built = builder.obtain(&resolved, &mut |event| told.push(event)).unwrap();
            (built, told)
        }
    };
    let first = thread::spawn(run(builders.0, slow.clone()));
    wait_for(&pid);
    let same = thread::spawn(run(builders.1, slow));
    let other = thread::spawn(run(builders.2, quick));
    let (first, told) = first.join().unwrap();
    assert_eq!(told.first(), Some(&Progress::Exporting));
    let (same, told) = same.join().unwrap();
    assert_eq!(told, [Progress::Waiting, Progress::Done]);
    assert!(same.from_cache && !first.from_cache);
    assert_eq!(same.artifact, first.artifact);
    let (other, told) = other.join().unwrap();
    assert_eq!(told[..2], [Progress::Waiting, Progress::Exporting]);
    assert_eq!(output(&other), "one");
}

#[test]
fn a_cancelled_build_leaves_nothing_running() {
    let mut project = Project::new();
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    build_slowly(&project, &pid, 600);
    project.commit("Build very slowly");
    let cancel = Arc::new(AtomicBool::new(false));
    let builder = project.builder().with_cancel(Arc::clone(&cancel));
    let resolved = project.resolve("HEAD").unwrap();
    let canceller = thread::spawn({
        let (cancel, pid) = (Arc::clone(&cancel), pid.clone());
        move || {
            wait_for(&pid);
            cancel.store(true, Ordering::Relaxed);
            Instant::now()
        }
    });
    let result = builder.obtain(&resolved, &mut |_| {});
    assert!(matches!(result, Err(BuildError::Cancelled)), "{result:?}");
    assert!(canceller.join().unwrap().elapsed() < Duration::from_secs(10));
    let process = Path::new("/proc").join(fs::read_to_string(&pid).unwrap());
    let gone = || {
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        // Killed, though perhaps not yet reaped by whoever adopted it.
        stat.is_empty() || stat.contains(") Z ")
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while !gone() {
        assert!(Instant::now() < deadline, "the build script still runs");
        thread::sleep(Duration::from_millis(20));
    }
    // The lock is free again; nothing half-built is taken for an artifact.
    let (next, _) = project.obtain("HEAD~1");
    assert_eq!(output(&next), "one");
    cancel.store(true, Ordering::Relaxed);
    let again = builder.obtain(&resolved, &mut |_| {});
    assert!(matches!(again, Err(BuildError::Cancelled)), "{again:?}");
}
