//! Ways to get code: three compilers, and code kept from one start to the next.

use crate::harness::{Files, Server, check_refused, host, prebuilt, run};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const COMPILERS: [&str; 3] = ["cranelift", "winch", "pulley"];
const GUESTS: [&str; 2] = ["hello-p2", "hello-p3"];

#[test]
fn every_compiler_serves_every_guest_and_code_is_kept() {
    let files = Files::new();
    let cache = files.path("code");
    for compiler in COMPILERS {
        for guest in GUESTS {
            for phase in ["compile", "load"] {
                let cache = cache.to_str().expect("a UTF-8 path");
                let args = ["--compiler", compiler, "--code-cache", cache];
                let server = Server::of(&files, &prebuilt(guest), &args);
                server.get().check(200, "hello");
                let phases = &server.ready["phases_ns"];
                assert!(phases[phase].is_u64(), "{phase} of {guest} by {compiler}: {phases}");
            }
        }
    }
}

#[track_caller]
fn check_cache(files: &Files, cache: &Path, parts: &[&str]) {
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]);
    command.arg(files.workload(&prebuilt("hello-p2"), "")).arg("--code-cache").arg(cache);
    check_refused(command, 2, parts);
}

#[test]
fn a_cache_that_others_can_write_is_refused() {
    let files = Files::new();
    let cache = files.path("code");
    std::fs::create_dir(&cache).expect("a folder");
    for mode in [0o770, 0o777, 0o1777] {
        std::fs::set_permissions(&cache, Permissions::from_mode(mode)).expect("chmod");
        check_cache(&files, &cache, &["code cache ", "can be changed by other users"]);
    }
}

#[test]
fn code_of_another_compiler_is_refused() {
    let files = Files::new();
    let code = files.path("code");
    for (made, loading) in [("pulley", "cranelift"), ("cranelift", "winch"), ("winch", "pulley")] {
        let mut command = host();
        command.arg("compile").arg(prebuilt("hello-p3")).arg("--out").arg(&code);
        let outcome = run({
            command.args(["--compiler", made]);
            command
        });
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let mut command = host();
        command.args(["serve", "--addr", "127.0.0.1:0", "--compiler", loading, "--workload"]);
        command.arg(files.workload(&prebuilt("hello-p3"), "")).arg("--aot").arg(&code);
        check_refused(command, 2, &["was made for other engine settings (compiler, "]);
    }
}
