//! JSON Schemas: those in the repository are those of the code, files that are read keep
//! them, and the commonest mistakes do not.

use super::Project;
use boon::{Compiler, SchemaIndex, Schemas};
use expect_test::expect_file;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What files are held against.
struct Held {
    schemas: Schemas,
    compiled: SchemaIndex,
}

impl Held {
    fn against(name: &str) -> Self {
        let schema = serde_json::from_str(&model::schema(name).unwrap()).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("held.json", schema).unwrap();
        let compiled = compiler.compile("held.json", &mut schemas).unwrap();
        Self { schemas, compiled }
    }

    /// What is wrong with a file, in lines; empty if nothing is.
    fn problems(&self, file: &Value) -> String {
        let valid = self.schemas.validate(file, self.compiled);
        valid.err().map(|error| format!("{error:#}")).unwrap_or_default()
    }
}

fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap()
}

#[test]
fn committed_schemas_are_those_of_the_code() {
    let project = Project::new("right");
    for (name, _) in model::SCHEMAS {
        let said = project.bench(&["schema", name]);
        assert_eq!(said.code, 0, "{}", said.err);
        let file = root().join(format!("schemas/{name}.schema.json"));
        expect_file![file].assert_eq(&said.out);
    }
}

#[test]
fn files_that_are_read_keep_their_schemas() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    assert_eq!(Held::against("bench").problems(&toml(&read("bench.toml"))), "");
    let held = Held::against("suite");
    for suite in model::Suite::names(&root().join("suites")).unwrap() {
        let path = format!("suites/{suite}/suite.toml");
        assert_eq!(held.problems(&toml(&read(&path))), "", "{path}");
    }
    let project = Project::new("right");
    let host = project.fake("host");
    let said = project.bench(&["run", &host, "--quick", "--blocks", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let mut bundles = project.bench(&["export"]).out;
    let history = root().join("data/history");
    for entry in fs::read_dir(history).unwrap().map(|entry| entry.unwrap().path()).take(2) {
        if entry.extension().is_some_and(|it| it == "gz") {
            let file = fs::File::open(&entry).unwrap();
            MultiGzDecoder::new(file).read_to_string(&mut bundles).unwrap();
        }
    }
    let lines: Vec<&str> = bundles.lines().collect();
    assert!(lines.len() > 5, "only {} lines", lines.len());
    let held = Held::against("bundle");
    for line in lines.iter().take(200) {
        assert_eq!(held.problems(&serde_json::from_str(line).unwrap()), "", "{line}");
    }
}

#[test]
fn mistakes_break_a_schema() {
    let right = fs::read_to_string(root().join("suites/http-invoke/suite.toml")).unwrap();
    let held = Held::against("suite");
    for (from, to) in [
        ("owner = ", "ower = "),
        ("driver = \"http-latency\"", "driver = \"htpp-latency\""),
        ("\"latency_p50_ns\"", "\"latency_p50\""),
        ("noise = \"wall\"", "noise = \"loud\""),
        ("budget_s = ", "budget_s = -"),
    ] {
        let wrong = right.replace(from, to);
        assert_ne!(right, wrong, "{from}");
        assert_ne!(held.problems(&toml(&wrong)), "", "{to}");
    }
}
