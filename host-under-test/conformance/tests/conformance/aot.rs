//! Loading machine code: what is refused, and that it serves like the component.

use crate::harness::{Files, Server, check_refused, host, prebuilt, run};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn compiled(files: &Files, guest: &str) -> PathBuf {
    let out = files.path(&format!("{guest}.aot"));
    let mut command = host();
    command.arg("compile").arg(prebuilt(guest)).arg("--out").arg(&out);
    let outcome = run(command);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""), "{}", outcome.stderr);
    out
}

#[test]
fn machine_code_serves_like_the_component() {
    for guest in ["hello-p2", "hello-p3"] {
        let files = Files::new();
        let aot = compiled(&files, guest);
        let compiling = Server::of(&files, &prebuilt(guest), &[]);
        let aot = aot.to_str().expect("a UTF-8 path");
        let loading = Server::of(&files, &prebuilt(guest), &["--aot", aot]);
        loading.get().check(200, "hello");
        let (compile, load) =
            (&compiling.ready["phases_ns"]["compile"], &loading.ready["phases_ns"]["load"]);
        assert!(loading.ready["phases_ns"]["compile"].is_null(), "{}", loading.ready);
        // Shown, not asserted: timing is for the benchmarks.
        println!("{guest}: compile {compile} ns, load {load} ns");
        assert!(load.as_u64().is_some_and(|ns| ns > 0), "{}", loading.ready);
    }
}

#[track_caller]
fn check_load(files: &Files, guest: &str, aot: &Path, part: &str) {
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]);
    command.arg(files.workload(&prebuilt(guest), "")).arg("--aot").arg(aot);
    let name = aot.display().to_string();
    check_refused(command, 2, &[&name, part]);
}

#[test]
fn what_is_not_its_own_output_is_refused() {
    let files = Files::new();
    let good = compiled(&files, "hello-p2");
    let bytes = std::fs::read(&good).expect("machine code");
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    let no_output = "is not the output of `compile`: write it again with";
    let rows: [(&str, &[u8], &str); 5] = [
        ("empty", b"", no_output),
        ("garbage", &[7; 5000], no_output),
        ("component", &std::fs::read(prebuilt("hello-p2")).expect("a guest"), no_output),
        ("truncated", &bytes[..bytes.len() - 100], no_output),
        ("damaged", &damaged, "is damaged: write it again with"),
    ];
    for (name, bytes, part) in rows {
        let path = files.write(name, bytes);
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("chmod");
        check_load(&files, "hello-p2", &path, part);
    }
    check_load(&files, "hello-p3", &good, "was made from another component");
    check_load(&files, "hello-p2", &files.path("none"), "No such file");
    check_load(&files, "hello-p2", files.folder.path(), "is not a regular file");
}

#[test]
fn code_that_others_can_change_is_refused() {
    let files = Files::new();
    let aot = compiled(&files, "hello-p2");
    for mode in [0o664, 0o646, 0o666] {
        std::fs::set_permissions(&aot, Permissions::from_mode(mode)).expect("chmod");
        check_load(&files, "hello-p2", &aot, "can be changed by other users");
    }
}

#[test]
fn machine_code_is_no_component() {
    let files = Files::new();
    let aot = compiled(&files, "hello-p2");
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]);
    command.arg(files.workload(&aot, ""));
    check_refused(command, 2, &["is machine code, not a component", "--aot"]);
}

#[test]
fn compile_leaves_nothing_behind_when_it_fails() {
    let files = Files::new();
    let component = files.write("bad.wasm", b"\0asm\x0d\0\x01\0\xff\xff");
    let mut command = host();
    command.arg("compile").arg(component).arg("--out").arg(files.path("out.aot"));
    check_refused(command, 2, &["compiling", "bad.wasm"]);
    let mut command = host();
    command.arg("compile").arg(prebuilt("hello-p2")).args(["--out", "/nowhere/out.aot"]);
    check_refused(command, 1, &["writing /nowhere/out.aot: "]);
    let left = std::fs::read_dir(files.folder.path()).expect("the folder").count();
    assert_eq!(left, 1, "only the component is left");
}
