//! Instructions by callgrind, with a script in its place: what is counted, and
//! that all processes are which are charged.

use super::tasks::{median, project};
use super::{Project, fake_host};
use serde_json::Value;

/// Of the n-th process that it counts, it says that it took n thousand.
const VALGRIND: &str = r#"#!/bin/sh
folder=$(dirname "$0")
for word; do
    case "$word" in --callgrind-out-file=*)
        n=$(($(cat "$folder/n" 2> /dev/null || echo 0) + 1))
        echo $n > "$folder/n"
        out=${word#--callgrind-out-file=}
        printf 'events: Ir\ntotals: %s\n' $((n * 1000)) > "${out%"%p"}$$"
    esac
done
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
"#;

/// Writes down what it is told.
const VGDB: &str = "#!/bin/sh\nshift 2\necho \"$@\" >> \"$(dirname \"$0\")/told\"\n";

/// The arm as it was measured with that script.
fn arm(project: &Project) -> Value {
    for (name, text) in [("tools/valgrind", VALGRIND), ("tools/vgdb", VGDB)] {
        project.script(name, text);
    }
    let host = project.fake("host");
    let path = format!("{}:{}", project.path("tools").display(), std::env::var("PATH").unwrap());
    let measured = project.command(&["run", &host, "--quick"]).env("PATH", path).output().unwrap();
    assert!(measured.status.success(), "{}", String::from_utf8_lossy(&measured.stderr));
    project.json(&["show", "latest", "--json"])["arms"][0].clone()
}

fn benchmark(role: &str) -> String {
    format!(
        r#"driver = "instructions"
expect = {{ status = 200, body = "hello" }}
processes = [{{ role = "{role}", name = "helper", program = "{}", ready = "tcp", start = ["{{program}}", "--mode", "right", "--addr", "{{addr}}"] }}]
load = {{ requests = 10 }}
metrics = ["callgrind_instructions_per_request"]
budget_s = 20
"#,
        fake_host().display()
    )
}

/// The companion 1 thousand, the host 2, for 10 requests.
#[test]
fn whoever_is_charged_is_counted_while_it_is_asked() {
    let project = project("right", &benchmark("companion"));
    let arm = arm(&project);
    assert_eq!(median(&arm, "callgrind_instructions_per_request"), Some(300.0), "{arm}");
    let told = std::fs::read_to_string(project.path("tools/told")).unwrap();
    let [on, off] = ["instrumentation on", "instrumentation off"];
    assert_eq!(told.lines().collect::<Vec<_>>(), [on, on, off, off]);
}

#[test]
fn the_outside_world_is_not() {
    let arm = arm(&project("right", &benchmark("backend")));
    assert_eq!(median(&arm, "callgrind_instructions_per_request"), Some(100.0), "{arm}");
}
