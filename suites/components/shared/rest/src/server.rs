//! The side that is asked.

use crate::IN_PATH;
use kv::Memory;
use parts::target;
use percent_encoding::{percent_decode_str, utf8_percent_encode};

/// The status and the body of the answer to one request.
pub fn answer(
    memory: &mut Memory,
    method: &str,
    path_and_query: &str,
    body: Vec<u8>,
) -> (u16, Vec<u8>) {
    let path = target::path(path_and_query);
    let answered = match (method, path, path.strip_prefix("/values/")) {
        ("GET", "/keys", _) => keys(memory, path_and_query),
        (_, _, Some(key)) => match percent_decode_str(key).decode_utf8() {
            Ok(key) => value(memory, method, &key, path_and_query, body),
            Err(_) => Err("the key is not UTF-8".to_owned()),
        },
        _ => Ok((404, b"expected /values/KEY or /keys".to_vec())),
    };
    answered.unwrap_or_else(|complaint| (400, complaint.into_bytes()))
}

fn value(
    memory: &mut Memory,
    method: &str,
    key: &str,
    path_and_query: &str,
    body: Vec<u8>,
) -> Result<(u16, Vec<u8>), String> {
    Ok(match method {
        "GET" => memory.get(key).map_or((404, Vec::new()), |value| (200, value.clone())),
        // Its answer has no body whatever stands there.
        "HEAD" => (if memory.get(key).is_some() { 200 } else { 404 }, Vec::new()),
        "PUT" => {
            memory.set(key.to_owned(), body);
            (204, Vec::new())
        }
        "DELETE" => {
            memory.delete(key);
            (204, Vec::new())
        }
        "POST" => {
            match memory.increment(key.to_owned(), target::number(path_and_query, "by", 1)?) {
                Ok(sum) => (200, sum.to_string().into_bytes()),
                Err(complaint) => (409, complaint.into_bytes()),
            }
        }
        _ => (405, b"expected GET, HEAD, PUT, DELETE or POST".to_vec()),
    })
}

/// Where the next page begins, if there is one; then a key a line.
fn keys(memory: &Memory, path_and_query: &str) -> Result<(u16, Vec<u8>), String> {
    let (keys, next) = memory.keys(Some(target::number(path_and_query, "cursor", 0)?));
    let mut page = next.map(|next| next.to_string()).unwrap_or_default();
    for key in keys {
        page.push('\n');
        page.extend(utf8_percent_encode(&key, IN_PATH));
    }
    Ok((200, page.into_bytes()))
}
