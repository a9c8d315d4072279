//! What pages say of two stored versions is what the command line says of them.

use super::Project;
use super::compare::project;
use compare::{Shard, Terms};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

#[test]
fn a_page_compares_as_the_command_does() {
    let project = project();
    let (a, b) = (project.fake("a"), project.fake("b"));
    let beside = project.bench(&["compare", &a, &b, "--blocks", "12", "--seed", "1", "--json"]);
    assert_eq!(beside.code, 1, "{}", beside.err);
    let runs = [&a, &b].map(|version| {
        let said = project.bench(&["run", version, "--json"]);
        let report: Value = serde_json::from_str(&said.out).unwrap();
        format!("run:{}", report["run"].as_str().unwrap_or_else(|| panic!("{report}")))
    });
    let apart = project.bench(&["compare", &runs[0], &runs[1], "--json"]);
    let built = project.bench(&["site", "build", "--out", "out"]);
    assert_eq!(built.code, 0, "{}", built.err);
    for (said, verdicts) in [(&beside, 3), (&apart, 1)] {
        let told: Value = serde_json::from_str(&said.out).unwrap();
        let distinct = same_on_pages(&project, &told);
        assert!(distinct.len() >= verdicts, "only {distinct:?}: the test shows little");
    }
}

/// Holds a report of the command against what a page makes of the same runs, number
/// by number; returns the verdicts that occurred.
fn same_on_pages(project: &Project, told: &Value) -> BTreeMap<String, usize> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |path: String| fs::read_to_string(project.path(&path)).unwrap();
    let shard = |side: &str| -> Shard {
        serde_json::from_str(&read(format!("out/run/{}.json", text(&told[side]["run"])))).unwrap()
    };
    let name =
        |side: &str| format!("{}@{}", text(&told[side]["target"]), text(&told[side]["version"]));
    let data: Value = serde_json::from_str(&read("out/compare/data.json".to_owned())).unwrap();
    let terms: Terms = serde_json::from_value(data["terms"].clone()).unwrap();
    let (a, b) = (shard("a"), shard("b"));
    let report = compare::compare((&a, &name("a")), (&b, &name("b")), &terms).unwrap();
    assert_eq!(report.verdict, text(&told["verdict"]));
    assert_eq!(report.missing.len(), told["missing"].as_array().unwrap().len());
    let rows = told["comparisons"].as_array().unwrap();
    assert_eq!(report.rows.len(), rows.len());
    let mut verdicts = BTreeMap::new();
    for row in rows {
        let key = ["suite", "benchmark", "arm", "metric"].map(|field| text(&row[field]));
        let page = report.rows.iter().find(|it| {
            [&it.suite, &it.benchmark, &it.arm, &it.metric] == [&key[0], &key[1], &key[2], &key[3]]
        });
        let page = page.unwrap_or_else(|| panic!("{key:?} is on no page"));
        assert_eq!(page.verdict, text(&row["verdict"]), "{key:?}");
        for (field, of_page) in [
            ("a", Some(page.a)),
            ("b", Some(page.b)),
            ("ratio", Some(page.ratio)),
            ("low", page.low),
            ("high", page.high),
            ("confidence", Some(page.confidence)),
            ("smallest_visible", page.smallest_visible),
        ] {
            assert_eq!(row[field].as_f64(), of_page, "{field} of {key:?}");
        }
        assert_eq!(row["pairs"], page.pairs, "{key:?}");
        *verdicts.entry(page.verdict.clone()).or_default() += 1;
    }
    verdicts
}
