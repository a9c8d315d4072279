//! The invariants of ARCHITECTURE.md that a machine can check.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const MAX_FILE_LINES: usize = 400;
const MAX_FUNCTION_LINES: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file git would commit with one of these endings, relative to the root.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !matches!(name.as_str(), ".git" | "target" | "out" | "wit") {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 3, "found only {found:?}");
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn assert_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn manifest(path: &Path) -> toml::Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let sections = ["dependencies", "build-dependencies"];
    let tables = sections.iter().filter_map(|section| manifest.get(*section)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

/// Who may link whom; nobody links the host under test.
#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("model", &[] as &[&str]),
        ("stats", &[]),
        ("store", &["model"]),
        ("load", &["model"]),
        ("github", &[]),
        ("adapters", &["model", "stats"]),
        ("compilers", &[]),
        ("build", &["model", "compilers"]),
        ("compare", &["stats"]),
        ("compare-wasm", &["compare"]),
        ("site", &["model", "stats", "store", "compare"]),
        ("serve", &["model", "stats", "store", "compare", "site", "github"]),
        (
            "bench",
            &["model", "stats", "store", "load", "build", "site", "serve", "github", "adapters"],
        ),
    ]);
    let workspace = manifest(&root().join("Cargo.toml"));
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let mut problems = Vec::new();
    for member in members {
        let manifest = manifest(&root().join(member.as_str().unwrap()).join("Cargo.toml"));
        let name = manifest["package"]["name"].as_str().unwrap();
        let Some(may) = allowed.get(name) else {
            problems.push(format!("{name} has no place in the order of crates"));
            continue;
        };
        for dependency in dependencies(&manifest) {
            let internal = allowed.contains_key(dependency.as_str());
            if internal && !may.contains(&dependency.as_str()) {
                problems.push(format!("{name} must not depend on {dependency}"));
            }
            if dependency == "sqlx" && name != "store" {
                problems.push(format!("{name} names sqlx; only store may"));
            }
        }
        let mut lints = manifest["lints"].clone();
        // Pages call its functions by name, and keeping a name counts as unsafe.
        if name == "compare-wasm" && lints["rust"]["unsafe_code"].as_str() == Some("deny") {
            lints["rust"]["unsafe_code"] = "forbid".into();
        }
        let inherits = lints.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        if !inherits && lints != workspace["workspace"]["lints"] {
            problems.push(format!("{name} does not use the workspace's lints"));
        }
    }
    let lockfile = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    if lockfile.contains("\"wasmtime\"") {
        problems.push("the tools link wasmtime".to_owned());
    }
    assert_none(problems);
}

#[test]
fn sources_are_small_and_say_what_they_are() {
    let mut problems = Vec::new();
    for path in files(&[".rs"]) {
        let name = relative(&path);
        let text = fs::read_to_string(&path).unwrap();
        if !text.starts_with("//!") && !name.ends_with("tests.rs") {
            problems.push(format!("{name}: does not open with //!"));
        }
        let count = text.lines().count();
        if count > MAX_FILE_LINES {
            problems.push(format!("{name}: {count} lines, at most {MAX_FILE_LINES}"));
        }
        for part in name.split(['/', '.']) {
            if matches!(part, "util" | "utils" | "common" | "helpers" | "misc") {
                problems.push(format!("{name}: `{part}` says nothing of what is in it"));
            }
        }
        problems.extend(long_functions(&name, &text));
    }
    assert_none(problems);
}

/// rustfmt ends a function with a brace at its own indentation.
fn long_functions(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let indentation: String = line.chars().take_while(|c| *c == ' ').collect();
        let words = line.trim_start();
        let starts = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
            "pub(super) async fn ",
            "pub(crate) async fn ",
        ];
        if starts.iter().any(|start| words.starts_with(start))
            && !words.ends_with(';')
            && !words.ends_with('}')
        {
            open = Some((number, indentation, words.to_owned()));
        } else if let Some((start, indentation_of, head)) = &open
            && words == "}"
            && indentation == *indentation_of
        {
            let length = number - start + 1;
            if length > MAX_FUNCTION_LINES {
                problems.push(format!("{name}:{}: {length} lines: {head}", start + 1));
            }
            open = None;
        }
    }
    problems
}

#[test]
fn every_suite_loads_and_asks_a_question() {
    let suites = root().join("suites");
    let names = model::Suite::names(&suites).unwrap();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        // `why` and `expect` are required by the format itself.
        let suite = model::Suite::load(&suites, Path::new(""), &name)
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(suite.why.contains('?'), "suites/{name}: `why` asks no question");
    }
}

/// Every `make ...` in a code block of the documents exists; `documents` executes what
/// begins with `bench`.
#[test]
fn documented_targets_of_make_exist() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let mut problems = Vec::new();
    let mut seen = 0;
    for path in files(&[".md"]) {
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("```sh\n").skip(1) {
            for line in block.split("```").next().unwrap_or_default().lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                let ["make", target, ..] = words.as_slice() else { continue };
                seen += 1;
                if !makefile.contains(&format!("\n{target}:")) {
                    problems.push(format!("{}: `{line}`: no such target", relative(&path)));
                }
            }
        }
    }
    assert!(seen >= 3, "only {seen} were found in the documents");
    assert_none(problems);
}

#[test]
fn committed_modules_are_what_their_sums_say() {
    for folder in ["suites/components/prebuilt", "site/compare-wasm"] {
        let folder = root().join(folder);
        let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
        let mut summed = Vec::new();
        for line in sums.lines() {
            let (sum, name) = line.split_once("  ").unwrap();
            let bytes = fs::read(folder.join(name)).unwrap();
            assert_eq!(model::Digest::of(bytes).to_string(), sum, "{name}");
            summed.push(name.to_owned());
        }
        let committed =
            fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut wasm: Vec<String> = committed.filter(|name| name.ends_with(".wasm")).collect();
        wasm.sort();
        summed.sort();
        assert_eq!(wasm, summed);
    }
}
