//! Components that provide for others of their workload: who is meant, what is
//! refused, and what a trap of theirs does to whom.

use crate::harness::{Files, Server, host, prebuilt, workload_text};
use crate::keyvalue::{answers_at, refused};
use crate::stores::{file, listed, provider};
use std::fmt::Write;

/// Fields of a component that lists these entries.
fn lists(entries: &[String]) -> String {
    format!("          hostInterfaces:\n            {}\n", entries.join("\n            "))
}

/// An entry with a name.
fn named(name: &str, config: &str) -> String {
    listed(config).replace("- {", &format!("- {{name: {name}, "))
}

fn serve(interface: &str, components: &str) -> Server {
    let files = Files::new();
    let mut command = host();
    let path = files.write("links.yaml", file("links", interface, components));
    command.arg("serve").arg("--workload").arg(path);
    Server::start(command)
}

/// `consumer -> outer -> inner`, and beside it the host's own store by a name.
#[test]
fn an_entry_says_which_component_provides() {
    let inner = provider("inner", "kv-store", "          poolSize: 1\n");
    let outer = lists(&[listed("component: inner")]);
    let outer = provider("outer", "kv-forward", &format!("{outer}          poolSize: 1\n"));
    let chosen =
        format!("{}\n            {}", listed("component: outer"), named("own", "backend: memory"));
    for interface in [chosen.as_str(), ""] {
        // Without an entry, the one that nobody else chose is meant.
        for rest in [format!("{inner}{outer}"), format!("{outer}{inner}")] {
            let server = serve(interface, &rest);
            let text = "set a x\nincrement n 2\nget a\nlist\n";
            let want = ["set", "2", "value x", "a n"];
            assert_eq!(answers_at(&server, "/script", text), want, "{interface}");
        }
    }
    let bucket = "          localResources: {environment: {config: {BUCKET: inner}}}\n";
    let two = format!(
        "{}\n            {}",
        listed("backend: memory"),
        named("inner", "component: inner")
    );
    let server = serve(&format!("{two}\n{bucket}"), &inner);
    assert_eq!(answers_at(&server, "/script", "set a x\nget a\n"), ["set", "value x"]);
    // It traps there, so it was that component.
    let end = answers_at(&server, "/script", "delete trap\n");
    assert_eq!(end, ["error the store's component trapped"]);
}

#[test]
fn what_cannot_be_linked_is_refused_by_name() {
    let one = provider("one", "kv-store", "");
    let two = provider("two", "kv-store", "");
    let from = |name: &str| listed(&format!("component: {name}"));
    refused(
        "",
        &format!("{one}{two}"),
        &[
            "components one and two both provide wasi:keyvalue",
            "say in component consumer which one is meant",
        ],
    );
    let both = "component consumer has wasi:keyvalue from component one and from hostInterfaces";
    refused(&listed("backend: memory"), &one, &[both]);
    let nobody = "component consumer wants wasi:keyvalue from component three, which provides none";
    refused(&from("three"), &format!("{one}{two}"), &[nobody, "those that do are one, two"]);
    refused(&from("consumer"), "", &["from component consumer, which provides none"]);
    let extra = "from component one, to which config.backend means nothing";
    refused(&listed("backend: memory, component: one"), &one, &[extra]);
    refused("", &provider("idle", "hello-p3", ""), &["no request can reach component idle"]);
}

#[test]
fn circles_are_refused_by_name() {
    let forward = |name: &str, to: &str| {
        provider(name, "kv-forward", &lists(&[listed(&format!("component: {to}"))]))
    };
    let own = "component ring imports wasi:keyvalue, which only it itself provides";
    refused("", &provider("ring", "kv-forward", ""), &[own]);
    let entry = listed("component: a");
    refused(&entry, &forward("a", "a"), &["linked in a circle, each to the next: a -> a"]);
    let three = format!("{}{}{}", forward("a", "b"), forward("b", "c"), forward("c", "a"));
    refused(&entry, &three, &["linked in a circle, each to the next: a -> b -> c -> a"]);
    let mut deep = provider("last", "kv-store", "");
    for index in (0..40).rev() {
        let next = if index == 39 { "last".to_owned() } else { format!("a{}", index + 1) };
        deep.push_str(&forward(&format!("a{index}"), &next));
    }
    refused(&listed("component: a0"), &deep, &["more than 32 components are behind"]);
}

/// A thousand traps of linked components: each costs one call its answer.
#[test]
fn a_linked_component_that_traps_harms_nobody() {
    let bystander = workload_text(&prebuilt("hello-p3"), "{host: other.localhost}");
    for pool in ["", "          poolSize: 2\n"] {
        let files = Files::new();
        let text = file("links", "", &provider("store", "kv-store", pool));
        let path = files.write("links.yaml", format!("{text}---\n{bystander}"));
        let mut command = host();
        command.arg("serve").arg("--workload").arg(path);
        let server = Server::start(command);
        let mut text = String::new();
        for _ in 0..50 {
            let _ = writeln!(text, "delete trap\nexists a");
        }
        let want = "error the store's component trapped\nfalse\n".repeat(50);
        for _ in 0..10 {
            let got = answers_at(&server, "/script", &text).join("\n");
            assert_eq!(got, want.trim_end(), "{pool}");
            server.connect().get("other.localhost").check(200, "hello");
        }
    }
}
