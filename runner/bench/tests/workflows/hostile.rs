//! Bundles of pull requests that are not what they should be. Each is made from an
//! honest one and ends with the right digest, so that only its content is wrong.

use super::comparing::{comment, publish, pull_request};
use super::document::Document;
use super::machine::GitHub;
use super::{SUITE, repository};
use expect_test::expect;
use model::Digest;
use serde_json::{Value, json};
use std::fs;

/// The lines of a bundle but the last, which is made anew.
#[derive(Clone)]
pub(super) struct Bundle {
    lines: Vec<Value>,
}

const FILE: &str = "artifacts/comparison/comparison.jsonl";

impl Bundle {
    /// What the unprivileged job has left.
    pub(super) fn read(github: &GitHub) -> Self {
        let text = fs::read_to_string(github.path(FILE)).unwrap();
        let mut lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.pop().unwrap().get("end").is_some());
        Self { lines }
    }

    /// The same with other values at these places of each line that has them.
    fn with(&self, changes: &[(&str, Value)]) -> Self {
        let mut changed = self.clone();
        let mut count = 0;
        for line in &mut changed.lines {
            for (pointer, value) in changes {
                if let Some(place) = line.pointer_mut(pointer) {
                    *place = value.clone();
                    count += 1;
                }
            }
        }
        assert!(count >= changes.len(), "{changes:?} change nothing");
        changed
    }

    /// The same from a machine that calls itself so.
    pub(super) fn on(&self, machine: &str) -> Self {
        self.with(&[("/run/testbed/virtualization", json!(machine))])
    }

    fn artifact(&self, index: usize) -> usize {
        let is_one = |line: &&Value| line.get("artifact").is_some();
        let nth = self.lines.iter().filter(is_one).nth(index).unwrap();
        self.lines.iter().position(|line| line == nth).unwrap()
    }

    fn text(&self) -> String {
        let mut text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        let sha256 = Digest::of(&text).to_string();
        let end = json!({ "end": { "lines": self.lines.len(), "sha256": sha256 } });
        text.push_str(&format!("{end}\n"));
        text
    }

    pub(super) fn write(&self, github: &GitHub) {
        fs::write(github.path(FILE), self.text()).unwrap();
    }
}

/// A repository whose pull request was measured, and its bundle.
fn measured() -> (GitHub, [String; 2], Bundle) {
    let mut github = GitHub::new();
    let [main, head] = repository(&github);
    pull_request(&mut github, &main, &head);
    let done = github.run(&Document::named("compare.yml"), "measure");
    assert_eq!(done.failed, None, "{}", done.said);
    let found = github.run(&Document::named("compare-publish.yml"), "find");
    assert_eq!(found.failed, None, "{}", found.said);
    let bundle = Bundle::read(&github).on("Virtual Machine");
    (github, [main, head], bundle)
}

/// What a change might leave in place of what was measured, by what it claims.
fn forged(honest: &Bundle, main: &str) -> Vec<(&'static str, String)> {
    let b = honest.artifact(1);
    let mut as_main = honest.clone();
    as_main.lines[b]["artifact"]["version"]["sha"] = json!(main);
    let mut swapped = honest.clone();
    swapped.lines.swap(honest.artifact(0), b);
    let mut modified = honest.clone();
    modified.lines[b]["artifact"]["version"]["modified"] = json!(Digest::of("x").to_string());
    let mut other_target = honest.with(&[("/block/cell/target", json!("native"))]);
    for index in [0, 1] {
        let line = honest.artifact(index);
        other_target.lines[line]["artifact"]["target"] = json!("native");
    }
    let mut one_more = honest.clone();
    one_more.lines.insert(b, honest.lines[b].clone());
    let doubled = honest.text() + &honest.with(&[("/run/id", json!("0123456789abcdef"))]).text();
    let change = |pointer: &str, value: Value| honest.with(&[(pointer, value)]).text();
    vec![
        ("claims to be main", as_main.text()),
        ("base and change swapped", swapped.text()),
        ("of uncommitted sources", modified.text()),
        ("of another target", other_target.text()),
        ("one version more", one_more.text()),
        ("claims the bench machine", honest.on("none").text()),
        ("another protocol", change("/run/testbed/measurement_protocol", json!(9))),
        ("another schema", change("/run/schema", json!(99))),
        ("an unknown field", {
            let mut bundle = honest.clone();
            bundle.lines[0]["run"]["admin"] = json!(true);
            bundle.text()
        }),
        ("another profile", change("/run/profile", json!("full"))),
        ("not complete", change("/run/status", json!("interrupted"))),
        ("another suite", change("/block/suite_sha256", json!(Digest::of("x").to_string()))),
        ("another benchmark", change("/block/cell/benchmark", json!("<script>"))),
        ("a name as a path", change("/block/cell/suite", json!("../../etc/passwd"))),
        ("rounds without end", change("/block/round", json!(4_000_000_000_u32))),
        ("from the future", change("/run/finished_at", json!("2999-01-01T00:00:00Z"))),
        ("longer than its run", change("/block/duration_ns", json!(u64::MAX))),
        ("not a number", honest.text().replacen("\"ready_ns\":[", "\"ready_ns\":[1e999,", 1)),
        ("altered", honest.text().replacen("\"ready_ns\":[", "\"ready_ns\":[1,", 1)),
        ("cut", honest.text().lines().take(3).collect::<Vec<_>>().join("\n")),
        ("two runs", doubled),
        ("empty", String::new()),
        ("not text", "\u{0}\u{1}".to_owned()),
    ]
}

#[test]
fn a_bundle_that_is_not_what_it_should_be_is_refused() {
    let (mut github, [main, head], honest) = measured();
    // Beside the workspace that the honest one was judged in.
    honest.write(&github);
    let judged = publish(&mut github);
    assert_eq!(judged.failed, None, "{}", judged.said);
    let workspace = judged.temp.parent().unwrap().join("workspace");
    let judge = |text: &str| {
        fs::write(judged.temp.join("bundle.jsonl"), text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_bench"))
            .args(["compare", &main, &head, "--markdown", "--bundle"])
            .arg(judged.temp.join("bundle.jsonl"))
            .args(["--testbed", "virtualization=Virtual Machine"])
            .current_dir(&workspace)
            .output()
            .unwrap();
        crate::Said::from(output)
    };
    let mut told = String::new();
    for (name, text) in forged(&honest, &main) {
        let said = judge(&text);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{name}: {}", said.err);
        let why = said.err.replace(&judged.temp.display().to_string(), "TEMP");
        let why = why.replace(&main, "MAIN").replace(&head, "HEAD").replace(&head[..8], "HEAD");
        let why = why.trim_start_matches("error: TEMP/bundle.jsonl was refused: ");
        let why = why.trim_end().split(" at line 1 column").next().unwrap_or_default();
        told.push_str(&format!("{name}: {}\n", shortened(why)));
    }
    expect![[r#"
        claims to be main: its version B is commit MAIN, not HEAD
        base and change swapped: its version A is commit HEAD, not MAIN
        of uncommitted sources: its version B is HEAD+2d711642, not commit HEAD
        of another target: its version A is of `native`, not of `hello`
        one version more: it also holds hello HEAD, which nobody asked for
        claims the bench machine: its testbed is not allowed: virtualization is `none`, and must be `Virtual Machine`
        another protocol: it was measured by protocol 9, and this checkout's is 1
        another schema: line 1: schema 99, this program reads 1; use the version of bench that wrote it
        an unknown field: line 1: not a line of a bundle: unknown field `admin`, expected one of `schema`, `kind`, `id`, `started_at`, `finished_at`, `status`, `profile`, `seed`, `harness`, `plan`, `planned_blocks`, `anchor`, `testbed`
        another profile: its profile is `full`, not `compare`
        not complete: line 1: `finished_at` must stand with status complete, and only then
        another suite: block 0: suite ask was another one than in this checkout
        another benchmark: block 0: suite ask has no benchmark <script> default
        a name as a path: block 0: there is no suite `../../etc/passwd` in this checkout
        rounds without end: block 0: round 4000000000 of at most 400
        from the future: finished_at: 2999-01-01T00:00:00Z is in the future
        longer than its run: block 0: it ends at SOME, after the run or in the future
        not a number: line 4: not a line of a bundle: number out of range
        altered: line SOME: run SOME was altered: its end tells SOME lines with SHA-256 SOME, there are SOME with SOME
        cut: line 3: the file ends inside this line
        two runs: it holds 2 runs, a comparison is one
        empty: line 1: the file holds no run
        not text: line 1: the file ends inside this line
    "#]].assert_eq(&told);
    assert!(!workspace.join("data").exists(), "nothing is stored of what is only judged");
}

/// Digests, times, and how many blocks there were differ from run to run.
fn shortened(text: &str) -> String {
    let stable = |word: &str| {
        let bare = word.trim_end_matches([',', ':']);
        let is_hex = bare.len() >= 16 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = bare.ends_with('Z') && !bare.starts_with("2999");
        let is_count = bare.len() >= 3 && bare.parse::<u32>().is_ok_and(|count| count > 400);
        if is_hex || is_time || (is_count && bare != "4000000000") {
            return word.replace(bare, "SOME");
        }
        word.to_owned()
    };
    text.split(' ').map(stable).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_refused_is_published_as_refused_and_nothing_of_it_is_shown() {
    let (mut github, [main, _], mut as_main) = measured();
    let b = as_main.artifact(1);
    as_main.lines[b]["artifact"]["version"]["sha"] = json!(main);
    as_main.write(&github);
    let judged = publish(&mut github);
    assert!(judged.failed.unwrap().contains("Judge the bundle"));
    assert!(judged.said.contains("its version B is commit"), "{}", judged.said);
    assert_eq!(judged.summary, "");
    let text = comment(&github);
    assert!(text.contains("was refused**: see [why]"), "{text}");
    assert!(!github.path("artifacts/comparison-text").exists());
}

/// A bundle may be right in all that is checked, and still hold what a host has said.
#[test]
fn what_a_host_says_does_not_act_in_a_comment() {
    let (mut github, _, mut loud) = measured();
    assert!(SUITE.contains("ready_ns"));
    let reason = "@everyone <img src=x onerror=alert(1)> [here](https://example.org) | `x` #1 \
                  https://example.org -->\n# Merged";
    let is_of_b = |line: &&mut Value| line.pointer("/block/artifact") == Some(&json!(1));
    let last = loud.lines.iter_mut().rfind(is_of_b).unwrap();
    last["block"]["outcome"] = json!({ "failed": { "reason": reason, "log_tail": "" } });
    loud.write(&github);
    let judged = publish(&mut github);
    assert_eq!(judged.failed, None, "{}", judged.said);
    let text = comment(&github);
    let line = text.lines().find(|line| line.contains("missing: B")).unwrap();
    // A word joiner, which nobody sees, is shown as ~ here.
    expect![[r#"- missing: B ask/it: failed: @~everyone &lt;img src=x onerror=alert(1)> \[here\](https:~//example.org) \| \`x\` #~1 https:~//example.org --> #~ Merged"#]].assert_eq(&line.replace('\u{2060}', "~"));
    for active in ["@everyone", "<img", "[here](", "https://example", "\n# ", " #1"] {
        assert!(!text.contains(active), "{active} in {text}");
    }
}
