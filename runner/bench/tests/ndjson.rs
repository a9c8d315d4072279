//! `bench detect --ndjson` and `bench decide --ndjson`: a line in, a line out,
//! and a wrong line ends it with its number.

use super::{Project, Said};
use expect_test::{Expect, expect};
use std::io::Write;
use std::process::Stdio;

/// Hands `input` to the program in a folder without a configuration.
fn answered(arguments: &[&str], input: &str) -> Said {
    let project = Project::new("right");
    std::fs::remove_file(project.path("bench.toml")).unwrap();
    let mut command = project.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap().into()
}

fn check(command: &str, input: &str, code: i32, expected: Expect) {
    let said = answered(&[command, "--ndjson"], input);
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    expected.assert_eq(&format!("{}{}", said.out, said.err));
}

/// A history that wobbles by less than 1 % about its levels.
fn history(id: &str, levels: &[(usize, f64)]) -> String {
    let values: Vec<f64> = levels
        .iter()
        .flat_map(|&(count, level)| vec![level; count])
        .enumerate()
        .map(|(index, level)| level * (1.0 + 0.001 * ((index * 37 % 11) as f64 - 5.0)))
        .collect();
    // Every third commit was not measured.
    let index: Vec<usize> = (0..values.len()).map(|i| i + i / 2).collect();
    serde_json::json!({ "id": id, "index": index, "values": values }).to_string()
}

#[test]
fn histories_are_answered_in_order() {
    let lines = [
        history("a step", &[(40, 10.0), (40, 10.5)]),
        history("nothing", &[(80, 3e-9)]),
        history("a new fall", &[(150, 7.0), (6, 6.3)]),
        history("fixed", &[(40, 1e6), (20, 1.1e6), (40, 1e6)]),
        r#"{"id":"constant","index":[0,1,2,3,4,5,6,7,8,9,10],"values":[1,1,1,1,1,1,1,1,1,1,1]}"#
            .to_owned(),
        r#"{"id":"empty","index":[],"values":[],"unknown":1}"#.to_owned(),
    ];
    let said = answered(&["detect", "--ndjson"], &lines.join("\n\n"));
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let mut told = String::new();
    for line in said.out.lines() {
        let mut answer: serde_json::Value = serde_json::from_str(line).unwrap();
        for change in answer["changes"].as_array_mut().unwrap() {
            let effect = change["effect"].as_f64().unwrap();
            change["effect"] = serde_json::json!((effect * 100.0).round());
        }
        told += &format!("{answer}\n");
    }
    expect![[r#"
        {"changes":[{"direction":1,"effect":5.0,"index":60,"standing":"established"}],"id":"a step"}
        {"changes":[],"id":"nothing"}
        {"changes":[{"direction":-1,"effect":-10.0,"index":225,"standing":"suspected"}],"id":"a new fall"}
        {"changes":[{"direction":1,"effect":10.0,"index":60,"standing":"established"},{"direction":-1,"effect":-9.0,"index":90,"standing":"established"}],"id":"fixed"}
        {"changes":[],"id":"constant"}
        {"changes":[],"id":"empty"}
    "#]].assert_eq(&told);
}

#[test]
fn pairs_are_answered_in_order() {
    let lines = [
        r#"{"id":"slower","design":"interleaved","a":[[10,10.1],[10.2,10.1],[10.1,10]],"b":[[10.9,11],[11.1,11],[11,11.1]],"history":[10,10.1,10.05,10.02,10.08,10.1,10.04,10.06]}"#,
        r#"{"id":"same","a":[[10,10.1],[10.2,10.1],[10.1,10]],"b":[[10.1,10],[10.1,10.2],[10.1,10.1]]}"#,
        r#"{"id":"cannot tell","design":"single","a":[[10,10.1,10.2]],"b":[[20,20.1,20.2]]}"#,
    ];
    let said = answered(&["decide", "--ndjson"], &lines.join("\n"));
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let told: Vec<String> = said
        .out
        .lines()
        .map(|line| {
            let answer: serde_json::Value = serde_json::from_str(line).unwrap();
            let number =
                |key: &str| answer[key].as_f64().map_or("-".to_owned(), |n| format!("{n:.3}"));
            let [effect, low, high] = ["effect", "low", "high"].map(number);
            format!("{} {} {effect} [{low}, {high}]\n", answer["id"], answer["verdict"])
        })
        .collect();
    expect![[r#"
        "slower" "regressed" 0.095 [0.083, 0.106]
        "same" "inconclusive" 0.002 [-0.015, 0.018]
        "cannot tell" "inconclusive" 0.990 [-, -]
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn higher_may_be_better() {
    let line = r#"{"id":"rate","a":[[10],[10.1],[10.2]],"b":[[20],[20.1],[20.2]]}"#;
    let verdict = |arguments: &[&str]| {
        let said = answered(arguments, line);
        serde_json::from_str::<serde_json::Value>(&said.out).unwrap()["verdict"].clone()
    };
    assert_eq!(verdict(&["decide", "--ndjson"]), "regressed");
    assert_eq!(verdict(&["decide", "--ndjson", "--higher-is-better"]), "improved");
}

#[test]
fn a_wrong_line_is_told_with_its_number() {
    let good = r#"{"id":"a","index":[0],"values":[1]}"#;
    let after = |bad: &str| format!("{good}\n\n{bad}\n{good}\n");
    check(
        "detect",
        &after("{"),
        2,
        expect![[r#"
        {"id":"a","changes":[]}
        error: standard input, line 3: column 1: EOF while parsing an object
    "#]],
    );
    check(
        "detect",
        &after(r#"{"id":"b","index":[0,1],"values":[1]}"#),
        2,
        expect![[r#"
        {"id":"a","changes":[]}
        error: standard input, line 3: `b` has 2 indices and 1 values
    "#]],
    );
    check(
        "detect",
        &after(r#"{"id":"b","index":[1,1],"values":[1,2]}"#),
        2,
        expect![[r#"
        {"id":"a","changes":[]}
        error: standard input, line 3: `b`: index 1 follows 1; they must ascend
    "#]],
    );
    check(
        "detect",
        &after(r#"{"id":"b","index":[0],"values":[null]}"#),
        2,
        expect![[r#"
        {"id":"a","changes":[]}
        error: standard input, line 3: column 36: invalid type: null, expected f64
    "#]],
    );
    check(
        "detect",
        &after(r#"{"id":"b","index":[0],"values":[1e999]}"#),
        2,
        expect![[r#"
        {"id":"a","changes":[]}
        error: standard input, line 3: column 37: number out of range
    "#]],
    );
}

#[test]
fn wrong_samples_are_told_with_their_line() {
    check(
        "decide",
        r#"{"id":"b","a":[[1]],"b":[[0]]}"#,
        2,
        expect![[r#"
        error: standard input, line 1: value 0 of b is 0, and a ratio needs values above zero
    "#]],
    );
    check(
        "decide",
        r#"{"id":"b","a":[],"b":[[1]]}"#,
        2,
        expect![[r#"
        error: standard input, line 1: a is empty
    "#]],
    );
    check(
        "decide",
        r#"{"id":"b","design":"interleaved","a":[[1]],"b":[[1],[2]]}"#,
        2,
        expect![[r#"
            error: standard input, line 1: the two sides must pair up, got 1 and 2 values
        "#]],
    );
}

#[test]
fn without_ndjson_there_is_nothing_to_read() {
    let said = answered(&["decide"], "");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--ndjson"), "{}", said.err);
    let said = answered(&["decide", "--ndjson", "--alpha", "0"], "");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("must be from 0.000001 to 0.5"), "{}", said.err);
}
