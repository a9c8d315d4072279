//! Published history: what git keeps is enough for every page and verdict, and is
//! no substitute for what was measured.

use super::Project;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every file below a folder, by its path from there.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder_now) = left.pop() {
        for entry in folder_now.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn site(project: &Project, database: &str) -> BTreeMap<String, Vec<u8>> {
    let out = format!("site-of-{}", database.replace('/', "-"));
    let built = project.bench(&["--db", database, "site", "build", "--out", &out]);
    assert_eq!(built.code, 0, "{}", built.err);
    files(&project.path(&out))
}

fn assert_same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    let differs = a.iter().find(|(name, bytes)| b[*name] != **bytes);
    assert_eq!(differs.map(|(name, _)| name), None);
}

#[test]
fn a_site_of_published_bundles_is_the_same_byte_for_byte() {
    let project = Project::new("right");
    let (a, b) = (project.fake("a"), project.fake("b"));
    let measured = [
        project.json(&["run", &a, "--json"]),
        project.json(&["run", &a, &b, "--blocks", "4", "--json"]),
    ];
    let compared = project.bench(&["compare", &a, &b, "--json"]);
    let compared: Value = serde_json::from_str(&compared.out).unwrap();

    let told = project.json(&["publish", "--out", "history", "--json"]);
    assert_eq!((told["written"].as_u64(), told["removed"].as_u64()), (Some(3), Some(0)), "{told}");
    assert!(told["largest_bytes"].as_u64().unwrap() < 20_000, "{told}");
    let bundles = files(&project.path("history"));
    assert!(bundles.keys().all(|name| name.ends_with(".jsonl.gz") && name.contains("-fake-")));
    // The same again, and from what was imported.
    let told = project.json(&["publish", "--out", "history", "--json"]);
    assert_eq!(told["unchanged"], 3, "{told}");
    for database in ["one.sqlite", "two.sqlite"] {
        let imported = project.json(&["--db", database, "import", "history", "--json"]);
        assert_eq!(imported["new"], 3);
    }
    project.json(&["--db", "one.sqlite", "publish", "--out", "again", "--json"]);
    assert_same(&files(&project.path("again")), &bundles);

    let rebuilt = site(&project, "one.sqlite");
    assert_same(&rebuilt, &site(&project, "two.sqlite"));
    // And the same as of the raw samples.
    assert_same(&rebuilt, &site(&project, "data/bench.sqlite"));

    // Verdicts, too: of the same two runs, and of the comparison.
    let names: Vec<String> =
        measured.iter().map(|run| format!("run:{}", run["run"].as_str().unwrap())).collect();
    let of = |database: &str| {
        project.bench(&["--db", database, "compare", &names[0], &names[1], "--json"]).out
    };
    assert_eq!(of("one.sqlite"), of("data/bench.sqlite"));
    assert!(compared["comparisons"].as_array().is_some_and(|all| !all.is_empty()));
}

#[test]
fn a_published_run_is_of_another_kind_and_never_replaces_samples() {
    let project = Project::new("right");
    project.json(&["run", &project.fake("host"), "--json"]);
    project.json(&["publish", "--out", "history", "--json"]);
    let full = project.bench(&["export"]).out;
    let imported = project.json(&["import", "history", "--json"]);
    assert_eq!((&imported["new"], &imported["already_there"]), (&0.into(), &1.into()));
    assert_eq!(project.bench(&["export"]).out, full);

    project.json(&["--db", "other.sqlite", "import", "history", "--json"]);
    let published = project.bench(&["--db", "other.sqlite", "export"]).out;
    let head = published.lines().next().unwrap();
    assert!(head.contains(r#""kind":"published""#) && !full.contains("published"), "{head}");
    assert!(published.contains("\"summaries\"") && !published.contains("\"samples\""));

    let refusal = |text: &str| {
        project.write("bundle.jsonl", text);
        let said = project.bench(&["--db", "other.sqlite", "import", "bundle.jsonl"]);
        assert_eq!(said.code, 2, "{}", said.out);
        said.err
    };
    let said = refusal(&full);
    assert!(said.contains("it is published here, and given with its samples"), "{said}");
    // The digest is of every line, the head's with the kind among them.
    let relabelled = published.replacen(r#","kind":"published""#, "", 1);
    assert_ne!(relabelled, published);
    let said = refusal(&relabelled);
    assert!(said.contains("was refused, nothing was stored") && said.contains("was altered"));
}

#[test]
fn one_bad_bundle_in_a_folder_stores_none_of_them() {
    let project = Project::new("right");
    let host = project.fake("host");
    project.json(&["run", &host, "--json"]);
    project.json(&["publish", "--out", "history", "--json"]);
    project.write("history/zzz.jsonl", "{}\n");
    let said = project.bench(&["--db", "other.sqlite", "import", "history"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("history/zzz.jsonl was refused, nothing was stored"), "{}", said.err);
    let listed = project.bench(&["--db", "other.sqlite", "list", "runs", "--json"]);
    assert!(!listed.out.contains("complete"), "{}", listed.out);
    fs::create_dir(project.path("empty")).unwrap();
    let said = project.bench(&["import", "empty"]);
    assert!(said.err.contains("empty holds no bundle (*.jsonl, *.jsonl.gz)"), "{}", said.err);
}

#[test]
fn what_the_policy_drops_goes_from_the_folder_and_nothing_else_does() {
    let project = Project::new("right");
    let host = project.fake("host");
    project.json(&["run", &host, "--blocks", "1", "--json"]);
    project.json(&["run", &host, "--quick", "--blocks", "1", "--json"]);
    let policy = |profiles: &str| {
        let policy = format!("[publication]\nfolder = \"history\"\nprofiles = [{profiles}]");
        project.write("bench.toml", &format!("{}\n{policy}", super::config("right")));
        let told = project.json(&["publish", "--json"]);
        let bundles = files(&project.path("history")).len();
        (told["written"].as_u64(), told["removed"].as_u64(), bundles)
    };
    assert_eq!(policy("\"full\", \"quick\""), (Some(2), Some(0), 2));
    // A bundle of a run that this database does not have is somebody else's.
    let other = Project::new("right");
    other.json(&["run", &other.fake("host"), "--blocks", "1", "--json"]);
    other.json(&["publish", "--out", "history", "--json"]);
    for (name, bytes) in files(&other.path("history")) {
        fs::write(project.path(&format!("history/{name}")), bytes).unwrap();
    }
    assert_eq!(policy("\"full\""), (Some(0), Some(1), 2));
}

#[test]
fn quick_arms_of_a_full_run_are_published_and_quick_runs_are_not() {
    let project = Project::new("right");
    let suite = super::SUITE.replace(
        "quick = true",
        "quick = { path = \"/quick\" }\nparameters = { path = [\"/quick\", \"/other\"] }\n\
         request = { path = \"{path}\" }",
    );
    project.write("suites/ask/suite.toml", &suite);
    let host = project.fake("host");
    let count = |run: &Value| run["measured"].as_u64();
    let quick = project.json(&["run", &host, "--quick", "--blocks", "3", "--json"]);
    let full = project.json(&["run", &host, "--arms", "quick", "--blocks", "3", "--json"]);
    let all = project.json(&["run", &host, "--blocks", "3", "--json"]);
    assert_eq!([count(&quick), count(&full), count(&all)], [Some(3), Some(3), Some(6)]);

    project.json(&["publish", "--out", "history", "--json"]);
    let bundles = files(&project.path("history"));
    let is_there = |run: &Value| {
        let name = &run["run"].as_str().unwrap()[..8];
        bundles.keys().any(|bundle| bundle.contains(name))
    };
    assert_eq!([is_there(&quick), is_there(&full), is_there(&all)], [false, true, true]);
}
