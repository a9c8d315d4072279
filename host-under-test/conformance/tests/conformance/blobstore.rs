//! `wasi:blobstore` from memory and from a folder: the same session gets the same
//! answers, alone and among others; objects come and go as a whole; what cannot
//! be is refused by name.

use crate::blobstore_model::{CONTAINERS, Model, Step, step};
use crate::harness::{Files, Server, check_refused, eventually, host, prebuilt};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::time::SystemTime;

/// Entries of `hostInterfaces`, each with more fields and a `config`.
fn entries(list: &[(&str, &str)]) -> String {
    let line = |(more, config): &(&str, &str)| {
        format!(
            "        - {{{more}namespace: wasi, package: blobstore, \
             interfaces: [blobstore, container, types], config: {{{config}}}}}\n"
        )
    };
    list.iter().map(line).collect()
}

fn file(entries: &str) -> String {
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: blobs}}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        \
         - {{namespace: wasi, package: http, interfaces: [incoming-handler]}}\n{entries}      \
         components: [{{name: consumer, file: {}}}]\n",
        prebuilt("blob-p2").display()
    )
}

/// The config of a store in a folder, which is made.
fn in_folder(files: &Files, name: &str) -> String {
    let folder = files.path(name);
    fs::create_dir_all(&folder).expect("a folder for the store");
    format!("backend: filesystem, folder: {}", folder.display())
}

fn serve(files: &Files, list: &[(&str, &str)]) -> Server {
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("blobs.yaml", file(&entries(list))));
    Server::start(command)
}

fn memory(files: &Files) -> Server {
    serve(files, &[("", "backend: memory")])
}

fn filesystem(files: &Files) -> Server {
    serve(files, &[("", &in_folder(files, "store"))])
}

/// Both backends, and a container in another store than the rest.
fn servers(files: &Files) -> [(&'static str, Server); 3] {
    let mixed = in_folder(files, "mixed");
    let mixed = [("", &*mixed), ("name: second, ", "backend: memory")];
    [("memory", memory(files)), ("filesystem", filesystem(files)), ("mixed", serve(files, &mixed))]
}

fn answers(server: &Server, text: &str) -> Vec<String> {
    let request =
        format!("POST /script HTTP/1.1\r\nHost: b\r\nContent-Length: {}\r\n\r\n{text}", text.len());
    let response = server.connect().exchange(&request);
    let body = String::from_utf8(response.body).expect("answers are text");
    assert_eq!(response.head.status, 200, "{body}");
    body.lines().map(str::to_owned).collect()
}

/// Checks lines of a session, each written as `line => answer`.
#[track_caller]
fn check(name: &str, server: &Server, session: &[&str]) {
    let pairs = session.iter().map(|pair| pair.split_once(" => ").expect("line => answer"));
    let (lines, want): (Vec<_>, Vec<_>) = pairs.unzip();
    let got = answers(server, &(lines.join("\n") + "\n"));
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(got[index], want[index], "{name}: {line}");
    }
}

#[test]
fn both_backends_give_the_same_answers() {
    let files = Files::new();
    let servers = servers(&files);
    let mut runner =
        TestRunner::new(Config { cases: 3, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&proptest::collection::vec(step(), 600), |steps| {
        // Whatever an earlier session left is removed.
        let fresh = CONTAINERS.map(|name| format!("create {name}\ndelete {name}\n")).concat();
        let lines: Vec<String> = steps.iter().map(Step::line).collect();
        let mut model = Model::default();
        let want: Vec<String> = steps.iter().map(|step| model.answer(step)).collect();
        for (name, server) in &servers {
            let got = answers(server, &(fresh.clone() + &lines.join("\n") + "\n"));
            let got = &got[2 * CONTAINERS.len()..];
            for (index, (got, want)) in got.iter().zip(&want).enumerate() {
                prop_assert_eq!(got, want, "{}: step {}: {}", name, index, &lines[index]);
            }
            prop_assert_eq!(got.len(), want.len(), "{}", name);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn callers_never_see_a_part_of_an_object() {
    let files = Files::new();
    for (name, server) in servers(&files) {
        check(name, &server, &["create all => all", "fill all one 1000 => put"]);
        std::thread::scope(|scope| {
            for caller in 0..32_u32 {
                let server = &server;
                scope.spawn(move || {
                    let own = format!("own{caller}");
                    let size = 1000 + caller * 9000;
                    let turn = format!("fill all one {size}\nverify all one\n");
                    let got = answers(
                        server,
                        &format!(
                            "create {own}\n{}fill {own} o {size}\nverify {own} o\nlist {own} 9\n",
                            turn.repeat(4)
                        ),
                    );
                    for seen in got[1..9].chunks(2) {
                        assert_eq!(seen[0], "put", "{name}");
                        let whole = seen[1].parse::<u32>().is_ok_and(|size| size % 9000 == 1000);
                        assert!(whole, "{name}: {}", seen[1]);
                    }
                    assert_eq!(got[9..], ["put".to_owned(), size.to_string(), "o".to_owned()]);
                });
            }
        });
        check(name, &server, &["list all 5 => one"]);
    }
}

#[test]
fn long_lists_come_in_pages() {
    let files = Files::new();
    let names: Vec<String> = (0..1200).map(|index| format!("o{index:04}")).collect();
    let puts: String = names.iter().map(|name| format!("put first {name} x\n")).collect();
    for (name, server) in servers(&files) {
        check(name, &server, &["create first => first"]);
        assert!(answers(&server, &puts).iter().all(|answer| answer == "put"), "{name}");
        let all = format!("list first 99999 => {}", names.join(" "));
        let session = ["skip first 0 => 0 false 1000", "skip first 1150 => 1150 false 50", &all];
        check(name, &server, &session);
    }
}

fn put_head(object: &str, size_bytes: usize) -> String {
    format!("PUT /object/{object} HTTP/1.1\r\nHost: b\r\nContent-Length: {size_bytes}\r\n\r\n")
}

#[test]
fn a_body_of_8_mb_streams_in_and_out() {
    const SIZE_BYTES: usize = 8 << 20;
    let files = Files::new();
    let body: Vec<u8> = (0..SIZE_BYTES).map(|at| (at % 251) as u8).collect();
    for (name, server) in servers(&files) {
        let mut connection = server.connect();
        connection.send(put_head("second/large", SIZE_BYTES));
        connection.send(&body);
        let head = connection.head();
        assert_eq!((head.status, connection.body(&head)), (200, b"written".to_vec()), "{name}");
        let got = server.connect().exchange("GET /object/second/large HTTP/1.1\r\nHost: b\r\n\r\n");
        assert!(got.head.status == 200 && got.body == body, "{name}");
        let copied = ["create other => other", "copy second large other l => copied"];
        check(name, &server, &copied);
        check(name, &server, &["verify other l => 8388608", "verify second large => 8388608"]);
        check(name, &server, &["move other l second large => moved", "has other l => false"]);
        let end = answers(&server, "stream second large 8388600 99999999\n");
        assert!(end[0].starts_with("8 value of 8 bytes"), "{name}: {}", end[0]);
    }
}

/// How many unfinished objects a folder has.
fn drafts(files: &Files, folder: &str) -> usize {
    let left = fs::read_dir(files.path(folder)).expect("the store's folder").flatten();
    left.filter(|file| file.file_name().as_encoded_bytes()[0] == b'.').count()
}

/// Sends the first half of an object.
fn send_half(server: &Server, object: &str) -> TcpStream {
    let mut sender = server.connect().sender();
    sender.write_all(put_head(object, 2_000_000).as_bytes()).expect("sending a head");
    sender.write_all(&[b'x'; 1_000_000]).expect("sending half a body");
    sender
}

#[test]
fn an_object_whose_writer_goes_away_is_not_there() {
    let files = Files::new();
    for (name, server) in servers(&files) {
        check(name, &server, &["create first => first", "put first kept old => put"]);
        let senders = ["first/new", "first/kept"].map(|object| send_half(&server, object));
        let folder = match name {
            "memory" => None,
            "filesystem" => Some("store"),
            other => Some(other),
        };
        let wait_for = |what: &str, count: usize| {
            eventually(what, || {
                folder.is_none_or(|folder| drafts(&files, folder) == count).then_some(())
            });
        };
        wait_for("drafts are there", 2);
        check(name, &server, &["has first new => false", "stream first kept 0 9 => 3 value old"]);
        drop(senders);
        wait_for("drafts are gone", 0);
        check(name, &server, &["has first new => false", "stream first kept 0 9 => 3 value old"]);
        check(name, &server, &["forget first gone x => forgotten", "has first gone => false"]);
    }
}

#[test]
fn what_a_guest_may_not_do_it_is_told() {
    let files = Files::new();
    for (name, server) in servers(&files) {
        let early = "error 16777216 bytes were written before it was known where to: call \
                     write-data first";
        check(
            name,
            &server,
            &[
                "create - => error the name of the container must not be empty",
                "create @256 => error the name of the container has more than 255 bytes",
                "delete first => error there is no container first",
                "create first => first",
                "create first => error there is a container first already",
                "put first - x => error the name of the object must not be empty",
                "put first @1025 x => error the name of the object has more than 1024 bytes",
                "put first @1024 x => put",
                &format!("list first 9 => {}", "x".repeat(1024)),
            ],
        );
        check(
            name,
            &server,
            &[
                "read first o 0 1 => error there is no object o in container first",
                "read first @1024 5 4 => error the range begins at 5, after its end at 4",
                "twice first a b => error the value is for an object already",
                "nowhere x => error the value is for no object: call write-data before finish",
                "early first 16777216 => kept",
                &format!("early first 16777217 => {early}"),
                "values first 256 => open",
                "values first 257 => error an instance has at most 256 values open",
                "copy first o first p => error there is no object o in container first",
                "move first @1024 other p => error there is no container other",
                "has first @1024 => true",
            ],
        );
        check(name, &server, &["fill first big 17000000 => put", "verify first big => 17000000"]);
        let sync = "error the value has 17000000 bytes: consume more than 16777216 as a stream";
        check(name, &server, &[&format!("read first big 0 99999999 => {sync}")]);
    }
    let server = serve(&files, &[("name: only, ", "backend: memory")]);
    let other = "error no entry of wasi:blobstore is called other, and none is without a name";
    check("named", &server, &["create only => only", &format!("create other => {other}")]);
}

#[test]
fn memory_is_limited_and_given_back() {
    let files = Files::new();
    let server = serve(&files, &[("", "backend: memory, maxBytes: '1000000'")]);
    let full = "error the store is full: it holds 1000000 bytes";
    check(
        "memory",
        &server,
        &[
            "create c => c",
            &format!("fill c o 1000000 => {full}"),
            "fill c o 600000 => put",
            &format!("fill c o 600000 => {full}"),
            "verify c o => 600000",
            "copy c o c copy => copied",
            "remove c o copy => removed",
            "fill c p 900000 => put",
            "clear c => cleared",
            "fill c p 900000 => put",
            "delete c => deleted",
            "create c => c",
            "fill c p 900000 => put",
        ],
    );
}

#[test]
fn a_folder_outlives_the_host_and_nothing_leads_out_of_it() {
    let files = Files::new();
    let server = filesystem(&files);
    check("folder", &server, &["create c => c", "put c o text => put"]);
    let _sender = send_half(&server, "c/o");
    eventually("a draft is there", || (drafts(&files, "store") == 1).then_some(()));
    // Killed, so that the draft stays.
    drop(server);
    assert_eq!(drafts(&files, "store"), 1);
    fs::create_dir(files.path("store/tmp")).expect("a folder that is not the store's");
    let (store, outside) = (files.path("store"), files.path("outside"));
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("k73"), "secret").expect("a file");
    // By the names that objects `s` and `l` of `c` have, and container `l`.
    symlink(outside.join("k73"), store.join("k63/k73")).expect("a link");
    symlink("../../outside", store.join("k63/k6c")).expect("a link");
    symlink(&outside, store.join("k6c")).expect("a link");
    let server = filesystem(&files);
    assert_eq!(drafts(&files, "store"), 0);
    assert!(files.path("store/tmp").is_dir());
    check("folder", &server, &["read c o 1 2 => 2 value ex", "list c 1 => l o s"]);
    let told =
        answers(&server, "read c s 0 9\ncopy c s c t\nread c l 0 9\nget l\nhas l s\nput l n x\n");
    assert!(told.iter().all(|answer| answer.starts_with("error ")), "{told:?}");
    assert_eq!(fs::read_dir(&outside).expect("the folder").count(), 1);
    // What replaces a link is a file of its own.
    check("folder", &server, &["put c s mine => put", "read c s 0 9 => 4 value mine"]);
    check("folder", &server, &["clear c => cleared", "list c 9 => "]);
    assert_eq!(fs::read(outside.join("k73")).expect("the file"), b"secret");
}

#[test]
fn times_are_seconds_since_1970() {
    let files = Files::new();
    for (name, server) in servers(&files) {
        let got = answers(&server, "create c\nput c o x\nsince c\nsince c o\n");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        for since in &got[2..] {
            let since: u64 = since.parse().expect("a number");
            assert!(now.as_secs().abs_diff(since) < 60, "{name}: {since}");
        }
    }
}

fn refused(entries: &str, parts: &[&str]) {
    let files = Files::new();
    let path = files.write("blobs.yaml", file(entries));
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    check_refused(command, 2, parts);
}

#[test]
fn what_cannot_be_provided_is_refused_by_name() {
    let one = |config: &str| entries(&[("", config)]);
    refused("", &["imports wasi:blobstore/", "do not list: add blobstore of wasi:blobstore"]);
    refused(
        &one("backend: tape"),
        &["config.backend of wasi:blobstore: this host has no `tape`, only memory, filesystem"],
    );
    refused(
        &one("backend: filesystem, folder: here"),
        &["config.folder of wasi:blobstore: here is not a folder"],
    );
    refused(&one("backend: filesystem"), &["wasi:blobstore needs `config.folder`"]);
    refused(
        &one("maxBytes: lots"),
        &["config.maxBytes of wasi:blobstore: `lots` is not a number of bytes"],
    );
    refused(
        &one("backend: memory, folder: /"),
        &["config.folder of wasi:blobstore means nothing to the backend (memory)"],
    );
    refused(&one("url: x"), &["unknown key, wasi:blobstore knows: backend, folder, maxBytes"]);
    refused(
        &entries(&[("", ""), ("", "")]),
        &["wasi:blobstore is listed twice", "give one of them a `name`"],
    );
}
