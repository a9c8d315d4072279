//! What a component is given: volumes, environment, configuration; and services,
//! which run on their own.

use crate::admin::Admin;
use crate::harness::{Files, Server, check_refused, eventually, host, prebuilt, workload_text};

fn exchange(server: &Server, request: &str, body: &str) -> crate::http_client::Response {
    let length = body.len();
    server.connect().exchange(&format!(
        "{request} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

/// A workload of `files-p2` with two volumes, one of them of this machine.
fn volumes(files: &Files, read_only: bool) -> String {
    let folder = files.path("shared");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("here"), "from the machine").expect("a file");
    workload_text(&prebuilt("files-p2"), "").replace(
        "      components:",
        "        - {namespace: wasi, package: config, interfaces: [store]}\n      components:",
    ) + &format!(
        "          localResources:\n            environment: {{config: {{COLOUR: blue}}}}\n            \
         config: {{mode: fast}}\n            volumeMounts:\n              \
         - {{name: scratch, mountPath: /scratch}}\n              \
         - {{name: shared, mountPath: /data/shared, readOnly: {read_only}}}\n      volumes:\n        \
         - {{name: scratch, ephemeral: {{}}}}\n        \
         - {{name: shared, hostPath: {{path: {}}}}}\n",
        folder.display()
    )
}

#[test]
fn environment_configuration_and_volumes() {
    for read_only in [false, true] {
        let files = Files::new();
        let path = files.write("workload.yaml", volumes(&files, read_only));
        let mut command = host();
        command.arg("serve").arg("--workload").arg(path);
        let server = Server::start(command);
        exchange(&server, "GET /env/COLOUR", "").check(200, "blue");
        assert_eq!(exchange(&server, "GET /env/PATH", "").head.status, 404);
        exchange(&server, "GET /config/mode", "").check(200, "fast");
        exchange(&server, "GET /read/data/shared/here", "").check(200, "from the machine");
        // Each request has an instance of its own; the volume stays.
        assert_eq!(exchange(&server, "PUT /write/scratch/a", "kept").head.status, 200);
        exchange(&server, "GET /read/scratch/a", "").check(200, "kept");
        let written = exchange(&server, "PUT /write/data/shared/here", "changed").head.status;
        let on_disk = std::fs::read_to_string(files.path("shared").join("here")).expect("a file");
        match read_only {
            false => assert_eq!((written, on_disk.as_str()), (200, "changed")),
            true => assert_eq!((written, on_disk.as_str()), (500, "from the machine")),
        }
        // Nothing outside of what is mounted.
        assert_ne!(exchange(&server, "GET /read/etc/hostname", "").head.status, 200);
        assert_ne!(exchange(&server, "GET /read/scratch/../../etc/hostname", "").head.status, 200);
    }
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let files = Files::new();
    let text = volumes(&files, false).replace("/shared}", "/nowhere}");
    let path = files.write("workload.yaml", text);
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    check_refused(command, 2, &["hostPath", "/nowhere", "is not a folder"]);
}

#[test]
fn services_run_restart_and_end() {
    for guest in ["service-p2", "service-p3"] {
        for (mode, restarts, state, failed) in [
            ("tick", 0, "Running", false),
            ("done", 0, "Completed", false),
            ("fail", 2, "Error", true),
            ("trap", 1, "Error", true),
        ] {
            let files = Files::new();
            let text = format!(
                "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
                 metadata: {{name: service}}\nspec:\n  template:\n    spec:\n      \
                 hostInterfaces: []\n      components: []\n      service:\n        file: {}\n        \
                 maxRestarts: {restarts}\n        \
                 localResources: {{environment: {{config: {{MODE: {mode}}}}}}}\n",
                prebuilt(guest).display()
            );
            let path = files.write("workload.yaml", text);
            let (_server, admin) = Admin::start(&path, &[]);
            println!("{guest} {mode}");
            let status = eventually("it got there", || {
                let status = admin.status("service");
                (status["state"] == state).then_some(status)
            });
            assert_eq!(status["services"][0]["restarts"], restarts, "{status}");
            assert_eq!(status["services"][0]["running"], mode == "tick", "{status}");
            assert_eq!(status["services"][0]["last_failure"].is_string(), failed, "{status}");
        }
    }
}

/// A thousand traps of services, and nobody else notices.
#[test]
fn services_that_trap_harm_nobody() {
    const SERVICES: usize = 125;
    const RESTARTS: u64 = 7;
    let files = Files::new();
    let mut text = workload_text(&prebuilt("hello-p3"), "");
    for index in 0..SERVICES {
        text.push_str(&format!(
            "---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
             metadata: {{name: service{index}}}\nspec:\n  template:\n    spec:\n      service:\n        \
             file: {}\n        maxRestarts: {RESTARTS}\n        \
             localResources: {{environment: {{MODE: trap}}}}\n",
            prebuilt("service-p3").display()
        ));
    }
    let (server, admin) = Admin::start(&files.write("workload.yaml", text), &[]);
    for index in 0..SERVICES {
        let status = eventually("it failed too often", || {
            server.get().check(200, "hello");
            let status = admin.status(&format!("service{index}"));
            (status["state"] == "Error").then_some(status)
        });
        assert_eq!(status["services"][0]["restarts"], RESTARTS, "{status}");
    }
    server.get().check(200, "hello");
}
