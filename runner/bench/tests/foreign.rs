//! Results of other tools, through the whole program: stored once, exported, and shown.

use super::Project;
use std::fs;

const GO: &str = "pkg: example.com/sorting\nBenchmarkSort-2 \t 100 \t 2000 ns/op \t 16 B/op\n";

#[test]
fn results_of_another_tool_are_stored_once_and_shown() {
    let project = Project::new("right");
    project.write("go.txt", GO);
    let import = ["import", "--format", "go", "go.txt", "--target", "sort", "--release", "1.2.3"];
    let first = project.json(&[&import[..], &["--json"]].concat());
    assert_eq!((&first["new"], &first["already_there"]), (&1.into(), &0.into()));
    let again = project.json(&[&import[..], &["--json"]].concat());
    assert_eq!((&again["new"], &again["already_there"]), (&0.into(), &1.into()));
    let shown = project.json(&["show", "latest", "--json"]);
    assert_eq!(shown["profile"], "imported");
    let csv = project.bench(&["export", "--format", "csv"]).out;
    assert!(csv.contains("go,example.com/sorting.Sort,gomaxprocs=2,"), "{csv}");
    assert!(csv.contains(",time_per_iteration_ns,ns,0,2000.0,"), "{csv}");
    let said = project.bench(&["site", "build", "--out", "out"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let pages = walk(&project, "out");
    assert!(pages.contains("example.com/sorting.Sort"), "no page shows it");
}

/// The text of every page below a folder.
fn walk(project: &Project, folder: &str) -> String {
    let mut text = String::new();
    let mut folders = vec![project.path(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "html") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

/// A folder is searched for the tool's own names, and several files are one measurement.
#[test]
fn a_folder_of_threads_is_one_count() {
    let project = Project::new("right");
    let counts = |thread: u32, count: u32| {
        format!(
            "# callgrind format\npid: 7\ncmd: ./t\nthread: {thread}\nevents: Ir\nsummary: {count}\n"
        )
    };
    project.write("out/callgrind.out.7-01", &counts(1, 40));
    project.write("out/callgrind.out.7-02", &counts(2, 2));
    project.write("out/callgrind.out.7", "");
    project.write("out/notes.txt", "none of it");
    let arguments = ["import", "--format", "callgrind", "out", "--release", "1", "--json"];
    assert_eq!(project.json(&arguments)["new"], 1);
    let csv = project.bench(&["export", "--format", "csv"]).out;
    assert!(csv.contains(",callgrind_instructions,instructions,0,42.0,"), "{csv}");
}

#[test]
fn what_cannot_be_imported_is_told_in_one_sentence() {
    let project = Project::new("right");
    project.write("go.txt", GO);
    project.write("bad.txt", &GO.replace("2000 ns/op", "fast ns/op"));
    let check = |arguments: &[&str], expected: &str| {
        let said = project.bench(&[&["import"], arguments].concat());
        assert_eq!((said.code, said.err.as_str()), (2, expected), "{arguments:?}");
    };
    check(
        &["--format", "go", "go.txt"],
        "error: nothing was stored: go.txt: nothing tells which version was measured; add --commit \
         REV, --release VERSION or --binary FILE\n",
    );
    check(
        &["--format", "go", "bad.txt", "--release", "1"],
        "error: nothing was stored: bad.txt:2: `fast` is not a number of at least 0\n",
    );
    project.write("empty/readme.md", "nothing");
    check(
        &["--format", "hyperfine", "empty", "--release", "1"],
        "error: empty holds no file of hyperfine: hyperfine --export-json\n",
    );
    assert!(!project.path("data/bench.sqlite").exists());
}
