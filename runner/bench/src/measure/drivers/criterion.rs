//! Driver `criterion`: one benchmark of the version's own sources, with the raw
//! samples that criterion leaves: one value for each, the time of an iteration.

use super::{Driven, command};
use crate::measure::cast::Broken;
use crate::measure::stage::Stage;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) fn drive(stage: &Stage<'_>, bench: &str, id: &str) -> Result<Driven, Broken> {
    let scratch = stage.scratch().map_err(Broken::early)?;
    let measure_ms = stage.bench.measure_ms.unwrap_or(stage.arm.load.measure_ms);
    let seconds = |ms: u64| Duration::from_millis(ms).as_secs_f64().to_string();
    let times = [
        "--noplot".to_owned(),
        "--warm-up-time".to_owned(),
        seconds(stage.arm.load.warmup_ms.max(1)),
        "--measurement-time".to_owned(),
        seconds(measure_ms),
    ];
    let log_tail = run(stage, bench, id, &times, scratch.path(), |_| {})?;
    let samples = read(scratch.path(), id).map_err(|reason| Broken { reason, log_tail })?;
    let mut driven = Driven::default();
    driven.measurements.insert("time_per_iteration_ns", samples);
    Ok(driven)
}

/// Runs the benchmark once, without measuring.
pub(super) fn check(stage: &Stage<'_>, bench: &str, id: &str) -> Result<(), Broken> {
    let scratch = stage.scratch().map_err(Broken::early)?;
    let mut was_run = false;
    let said = format!("Testing {id}");
    let test = ["--test".to_owned()];
    let log_tail = run(stage, bench, id, &test, scratch.path(), |line| {
        was_run |= line.trim() == said;
    })?;
    if was_run { Ok(()) } else { Err(Broken { reason: not_run(id), log_tail }) }
}

fn run(
    stage: &Stage<'_>,
    bench: &str,
    id: &str,
    how: &[String],
    scratch: &Path,
    mut hear: impl FnMut(&str),
) -> Result<String, Broken> {
    let Some(executable) = stage.subject.bench(bench) else {
        return Err(Broken::early(format!("there is no bench target `{bench}`")));
    };
    let mut words = vec![executable.to_string_lossy().into_owned(), "--bench".to_owned()];
    words.extend(how.iter().cloned());
    words.extend(["--exact".to_owned(), id.to_owned()]);
    let home = ("CRITERION_HOME".to_owned(), scratch.to_string_lossy().into_owned());
    command::run(stage, "the benchmark", words, &[home], scratch, |line| {
        hear(line);
        Ok(())
    })
}

fn not_run(id: &str) -> String {
    format!("the bench target has no benchmark `{id}`")
}

/// Nanoseconds of an iteration, one for each sample of the benchmark `id`.
fn read(home: &Path, id: &str) -> Result<Vec<f64>, String> {
    let mut found = Vec::new();
    find(home, &mut found)?;
    for file in found {
        let full_id = adapters::criterion_id(&text(&file)?).map_err(|e| wrong(&file, &e))?;
        if full_id == id {
            let file = file.with_file_name("sample.json");
            return adapters::criterion_samples(&text(&file)?).map_err(|e| wrong(&file, &e));
        }
    }
    Err(not_run(id))
}

/// Every `new/benchmark.json` below `folder`.
fn find(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.ends_with("new/benchmark.json") {
            found.push(path);
        }
    }
    Ok(())
}

fn text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|e| format!("criterion left no {}: {e}", name(file)))
}

fn wrong(file: &Path, problem: &str) -> String {
    format!("criterion's {} makes no sense: {problem}", name(file))
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_by_id_and_nonsense_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let write = |folder: &str, id: &str, sample: &str| {
            let folder = home.path().join(folder).join("new");
            fs::create_dir_all(&folder).unwrap();
            let about = format!("{{\"group_id\":\"g\",\"full_id\":\"{id}\"}}");
            fs::write(folder.join("benchmark.json"), about).unwrap();
            fs::write(folder.join("sample.json"), sample).unwrap();
        };
        write(
            "a/p2",
            "a/p2",
            r#"{"sampling_mode":"Linear","iters":[1.0,2.0],"times":[10.0,40.0]}"#,
        );
        write("a/p3", "a/p3", r#"{"sampling_mode":"Flat","iters":[4.0],"times":[10.0]}"#);
        write("b", "b", r#"{"iters":[0.0],"times":[10.0]}"#);
        write("c", "c", r#"{"iters":[1.0,1.0],"times":[10.0]}"#);
        assert_eq!(read(home.path(), "a/p2"), Ok(vec![10.0, 20.0]));
        assert_eq!(read(home.path(), "a/p3"), Ok(vec![2.5]));
        assert!(read(home.path(), "a").unwrap_err().contains("no benchmark `a`"));
        for id in ["b", "c"] {
            assert!(read(home.path(), id).unwrap_err().contains("makes no sense"), "{id}");
        }
    }
}
