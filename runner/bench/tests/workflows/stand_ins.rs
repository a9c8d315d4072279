//! Stand-ins for programs that need the network or take long. Each notes what it was
//! asked, and answers as a test has it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Passes on what the tools themselves ask of cargo.
const CARGO: &str = r#"
words=" $* "
case "$1" in
  install)
    root="${words#* --root }"
    root="${root%% *}"
    mkdir -p "$root/bin"
    case "$words" in
      *" --path "*)
        path="${words#* --path }"
        [ -f "${path%% *}/Cargo.toml" ] || { echo "there is no crate in ${path%% *}" >&2; exit 1; }
        ln -sf BENCH "$root/bin/bench"
        ;;
    esac
    ;;
  build)
    case "$words" in
      *" --package bench "*) mkdir -p target/release && ln -sf BENCH target/release/bench ;;
      *) exec CARGO "$@" ;;
    esac
    ;;
  cyclonedx) echo '{"bomFormat":"CycloneDX"}' > runner/bench/sbom.json ;;
  audit | deny) ;;
  *) exec CARGO "$@" ;;
esac
"#;

/// GitHub's REST API out of files: what is asked for is a file's name.
const GH: &str = r#"
[ "$1" = api ] || exit 0
shift
filter=.
while [ $# -gt 0 ]; do
  case "$1" in
    --jq) filter="$2"; shift ;;
    --method) shift ;;
    --field) [ "${2%%=*}" != body ] || cp "${2#body=@}" "$SERVED/body.md"; shift ;;
    -f) shift ;;
    --*) ;;
    *) path="$1" ;;
  esac
  shift
done
file="$SERVED/$(tr '/?' '__' <<< "$path").json"
[ -f "$file" ] || exit 0
jq -r "$filter" "$file"
"#;

const DOCKER: &str = r#"
case "$1" in
  save) echo "an image" ;;
  load) gunzip --test "$3" ;;
  login) [ "$(cat)" = a-token ] ;;
  image) echo "ghcr.io/owner/project@sha256:0123" ;;
esac
"#;

pub(super) fn write(bin: &Path, asked: &Path, answers: &Path) {
    fs::create_dir_all(bin).unwrap();
    fs::create_dir_all(answers).unwrap();
    let cargo = which::which("cargo").unwrap();
    let cargo = CARGO
        .replace("BENCH", env!("CARGO_BIN_EXE_bench"))
        .replace("CARGO ", &format!("{} ", cargo.display()));
    let refuse = "echo \"nobody here has a network\" >&2; exit 1\n".to_owned();
    for (name, answer) in [
        ("cargo", cargo),
        ("gh", GH.to_owned()),
        ("docker", DOCKER.to_owned()),
        ("make", String::new()),
        ("curl", refuse),
    ] {
        let script = format!(
            "#!/usr/bin/env bash\nset -euo pipefail\n\
             {{ printf '%s' {name}; printf ' %q' \"$@\"; echo; }} >> {}\n\
             . {}\n",
            asked.display(),
            answers.join(name).display()
        );
        fs::write(answers.join(name), answer).unwrap();
        fs::write(bin.join(name), script).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
