//! A session: many calls, told in lines, each answered by a line. An error is a line too: whether it
//! is the right one is for whoever compares.
//!
//! Words are separated by a space; `@N` is a name of N letters, `-` the empty one.

use crate::pieces::{each, read_all, write_all};
use crate::wasi::blobstore::blobstore::{self, ObjectId};
use crate::wasi::blobstore::container::Container;
use crate::wasi::blobstore::types::{IncomingValue, OutgoingValue};
use parts::pattern::{self, Verifier};
use std::fmt::Write;

/// Does what each line says.
pub fn run(text: &str) -> String {
    let mut answers = String::new();
    for line in text.lines() {
        let words: Vec<String> = line.split(' ').map(word).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = step(&words).unwrap_or_else(|error| format!("error {error}"));
        // Text is written to memory, which does not fail.
        let _ = writeln!(answers, "{answer}");
    }
    answers
}

fn word(word: &str) -> String {
    match word.strip_prefix('@').and_then(|count| count.parse().ok()) {
        Some(count) => "x".repeat(count),
        None if word == "-" => String::new(),
        None => word.to_owned(),
    }
}

fn step(words: &[&str]) -> Result<String, String> {
    match *words {
        ["create", name] => blobstore::create_container(name)?.name(),
        ["get", name] => blobstore::get_container(name)?.name(),
        ["delete", name] => blobstore::delete_container(name).map(|()| "deleted".to_owned()),
        ["exists", name] => Ok(blobstore::container_exists(name)?.to_string()),
        ["copy", from, object, to, other] => {
            blobstore::copy_object(&id(from, object), &id(to, other)).map(|()| "copied".to_owned())
        }
        ["move", from, object, to, other] => {
            blobstore::move_object(&id(from, object), &id(to, other)).map(|()| "moved".to_owned())
        }
        ["nowhere", text] => {
            let value = OutgoingValue::new_outgoing_value();
            write(&value, text.as_bytes())?;
            OutgoingValue::finish(value).map(|()| "finished".to_owned())
        }
        [op, container, ref rest @ ..] => {
            let container = blobstore::get_container(container)?;
            match writing(op, &container, rest)? {
                Some(answer) => Ok(answer),
                None => reading(op, &container, rest),
            }
        }
        _ => Err("unknown".to_owned()),
    }
}

fn id(container: &str, object: &str) -> ObjectId {
    ObjectId { container: container.to_owned(), object: object.to_owned() }
}

fn write(value: &OutgoingValue, bytes: &[u8]) -> Result<(), String> {
    let output = value.outgoing_value_write_body().map_err(|()| "no stream to write to")?;
    write_all(&output, bytes)
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word}: expected a number"))
}

/// What changes a container; `None` if it is something else.
fn writing(op: &str, container: &Container, words: &[&str]) -> Result<Option<String>, String> {
    let value = OutgoingValue::new_outgoing_value;
    let answer = match (op, words) {
        // Named after its bytes were written; in what follows, before.
        ("put", [object, text]) => {
            let value = value();
            write(&value, text.as_bytes())?;
            container.write_data(object, &value)?;
            OutgoingValue::finish(value)?;
            "put".to_owned()
        }
        ("fill", [object, bytes]) => {
            fill(container, object, number(bytes)?)?;
            "put".to_owned()
        }
        ("pending", [object, text]) => {
            let value = value();
            container.write_data(object, &value)?;
            write(&value, text.as_bytes())?;
            let before = container.has_object(object)?;
            OutgoingValue::finish(value)?;
            format!("{before} {}", container.has_object(object)?)
        }
        ("forget", [object, text]) => {
            let value = value();
            container.write_data(object, &value)?;
            write(&value, text.as_bytes())?;
            "forgotten".to_owned()
        }
        ("twice", [object, other]) => {
            let value = value();
            container.write_data(object, &value)?;
            container.write_data(other, &value)?;
            "written".to_owned()
        }
        ("early", [bytes]) => {
            write(&value(), &vec![b'x'; number(bytes)?])?;
            "kept".to_owned()
        }
        ("values", [count]) => {
            let values: Vec<_> = (0..number(count)?).map(|_| value()).collect();
            values.iter().try_for_each(|value| container.write_data("v", value))?;
            "open".to_owned()
        }
        ("remove", [object]) => {
            container.delete_object(object)?;
            "removed".to_owned()
        }
        ("remove", objects) => {
            let objects: Vec<String> = objects.iter().map(|&object| object.to_owned()).collect();
            container.delete_objects(&objects)?;
            "removed".to_owned()
        }
        ("clear", []) => {
            container.clear()?;
            "cleared".to_owned()
        }
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

/// Streams so many bytes of the pattern to an object.
fn fill(container: &Container, object: &str, mut left: usize) -> Result<(), String> {
    let value = OutgoingValue::new_outgoing_value();
    container.write_data(object, &value)?;
    let output = value.outgoing_value_write_body().map_err(|()| "no stream to write to")?;
    let chunk = pattern::chunk();
    while left > 0 {
        let piece = &chunk[..left.min(chunk.len())];
        write_all(&output, piece)?;
        left -= piece.len();
    }
    drop(output);
    OutgoingValue::finish(value)
}

fn reading(op: &str, container: &Container, words: &[&str]) -> Result<String, String> {
    match (op, words) {
        ("has", [object]) => Ok(container.has_object(object)?.to_string()),
        ("size", [object]) => {
            let info = container.object_info(object)?;
            Ok(format!("{}/{} {}", info.container, info.name, info.size))
        }
        ("since", []) => Ok(container.info()?.created_at.to_string()),
        ("since", [object]) => Ok(container.object_info(object)?.created_at.to_string()),
        ("read", [object, start, end]) => {
            let value = container.get_data(object, number(start)?, number(end)?)?;
            let size = value.size();
            let bytes = IncomingValue::incoming_value_consume_sync(value)?;
            Ok(format!("{size} {}", summary(&bytes)))
        }
        ("stream", [object, start, end]) => {
            let value = container.get_data(object, number(start)?, number(end)?)?;
            let size = value.size();
            let bytes = read_all(&IncomingValue::incoming_value_consume_async(value)?)?;
            Ok(format!("{size} {}", summary(&bytes)))
        }
        ("verify", [object]) => {
            let value = container.get_data(object, 0, u64::MAX)?;
            let mut verifier = Verifier::default();
            each(&IncomingValue::incoming_value_consume_async(value)?, |piece| {
                verifier.take(piece).map_err(|at| format!("mismatch at {at}"))
            })?;
            Ok(verifier.seen_bytes().to_string())
        }
        ("held", [object, text]) => {
            let value = container.get_data(object, 0, u64::MAX)?;
            step(&["put", &container.name()?, object, text])?;
            Ok(summary(&IncomingValue::incoming_value_consume_sync(value)?))
        }
        ("list", [page]) => {
            let (names, mut all) = (container.list_objects()?, Vec::new());
            loop {
                let (page, is_end) = names.read_stream_object_names(number(page)?)?;
                all.extend(page);
                if is_end {
                    all.sort();
                    return Ok(all.join(" "));
                }
            }
        }
        ("skip", [count]) => {
            let names = container.list_objects()?;
            let (skipped, is_end) = names.skip_stream_object_names(number(count)?)?;
            let (rest, _) = names.read_stream_object_names(u64::MAX)?;
            Ok(format!("{skipped} {is_end} {}", rest.len()))
        }
        _ => Err(format!("{op}: unknown")),
    }
}

/// Short lines as they are, other values by their length and a sum of their bytes.
fn summary(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= 64 && !text.contains(char::is_control) => format!("value {text}"),
        _ => {
            let sum = bytes
                .iter()
                .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
            format!("value of {} bytes, {sum:016x}", bytes.len())
        }
    }
}
