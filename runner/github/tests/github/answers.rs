//! What the stand-in answers: GitHub's own examples, with what it was told in them. Three of
//! those lack what its description requires; these parts are left empty here.

use super::published;
use super::standin::{APP, APP_KEY, Asked, INSTALLATION, Kept, Shared, TOKEN};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

type Answered = (u16, Value, Vec<(String, String)>);

pub(crate) fn answer(shared: &Shared, asked: &Asked) -> Result<Answered, String> {
    let mut kept = shared.kept.lock().unwrap();
    let (method, path) = asked.call.split_once(' ').unwrap();
    let of_app = path.starts_with("/app/") || path.ends_with("/installation");
    let is_known = match of_app {
        true => is_word_of_app(&asked.token),
        false => asked.token == TOKEN || kept.tokens.contains(&asked.token),
    };
    if !is_known {
        // The description leaves out what every call may be answered.
        return Err(format!("{}: 401, `{}` is no token for that", asked.call, asked.token));
    }
    let end = path.rsplit_once('}').map_or(path, |(_, end)| end);
    match (method, end) {
        ("POST", "/access_tokens") => {
            let token = format!("ghs_{}", kept.tokens.len());
            kept.tokens.push(token.clone());
            let more = json!({ "token": token, "expires_at": "2099-01-01T00:00:00Z" });
            made(with(example(asked, 201), more))
        }
        ("GET", "/installation") => ok(with(example(asked, 200), json!({ "id": INSTALLATION }))),
        ("GET", "/permission") => {
            let right = kept.permissions.get(&asked.named[2]);
            or_missing(
                asked,
                right.map(|right| json!({ "permission": right, "role_name": right, "user": null })),
            )
        }
        ("GET", "") if path.contains("/commits/") => {
            let sha = kept.commits.get(&asked.named[2]);
            or_missing(asked, sha.map(|sha| json!({ "sha": sha, "files": [] })))
        }
        ("GET", "") if path.contains("/pulls/") => {
            let (pull, number) = (example(asked, 200), asked.number());
            let head = with(pull["head"].clone(), json!({ "sha": kept.pulls[&number] }));
            ok(with(pull, json!({ "number": number, "head": head, "requested_teams": [] })))
        }
        ("GET", "/releases") => {
            let one = example(asked, 200)[0].clone();
            let all = kept.releases.iter().map(|(id, tag, day)| {
                let more = json!({ "id": id, "tag_name": tag, "published_at": day,
                    "draft": false, "prerelease": false });
                with(one.clone(), more)
            });
            let (items, headers) = page(asked, all.collect());
            Ok((200, items.into(), headers))
        }
        _ if path.contains("/comments") => comments(&mut kept, asked),
        _ if path.contains("/check-runs") || path.contains("/statuses/") => {
            checks(&mut kept, asked)
        }
        _ => issues(&mut kept, asked),
    }
}

fn example(asked: &Asked, status: u16) -> Value {
    published::look(|it| it.example(&asked.call, status))
}

fn ok(value: Value) -> Result<Answered, String> {
    Ok((200, value, Vec::new()))
}

fn made(value: Value) -> Result<Answered, String> {
    Ok((201, value, Vec::new()))
}

fn or_missing(asked: &Asked, more: Option<Value>) -> Result<Answered, String> {
    match more {
        Some(more) => ok(with(example(asked, 200), more)),
        None => {
            let told =
                json!({ "message": "Not Found", "documentation_url": "https://docs.github.com" });
            Ok((404, told, Vec::new()))
        }
    }
}

fn comments(kept: &mut Kept, asked: &Asked) -> Result<Answered, String> {
    let text = || asked.body["body"].as_str().unwrap().to_owned();
    match asked.method() {
        "GET" => {
            let one = example(asked, 200)[0].clone();
            let user = with(one["user"].clone(), json!({ "type": "Bot" }));
            let all = kept.comments.iter().enumerate().filter(|(_, it)| it.0 == asked.number());
            let all = all
                .map(|(id, it)| with(one.clone(), json!({ "id": id, "body": it.1, "user": user })));
            let (items, headers) = page(asked, all.collect());
            Ok((200, items.into(), headers))
        }
        "POST" => {
            kept.comments.push((asked.number(), text()));
            let more = json!({ "id": kept.comments.len() - 1, "body": text() });
            made(with(example(asked, 201), more))
        }
        _ => {
            let id = usize::try_from(asked.number()).unwrap();
            kept.comments[id].1 = text();
            ok(with(example(asked, 200), json!({ "id": id, "body": text() })))
        }
    }
}

fn checks(kept: &mut Kept, asked: &Asked) -> Result<Answered, String> {
    match asked.method() {
        "GET" => {
            let of = kept.checks.iter().filter(|it| it["head_sha"] == asked.named[2].as_str());
            let (items, headers) = page(asked, of.cloned().collect());
            Ok((200, json!({ "total_count": items.len(), "check_runs": items }), headers))
        }
        "POST" if asked.call.contains("/statuses/") => {
            let value = with(example(asked, 201), asked.body.clone());
            kept.statuses.push(with(value.clone(), json!({ "sha": asked.named[2] })));
            made(value)
        }
        "POST" => {
            let id = kept.checks.len() as u64 + 1;
            let value = with(example(asked, 201), reported(&asked.body, id));
            kept.checks.push(value.clone());
            made(value)
        }
        _ => {
            let id = asked.number();
            let known = kept.checks.iter_mut().find(|it| it["id"] == id).unwrap();
            *known = with(known.clone(), reported(&asked.body, id));
            ok(known.clone())
        }
    }
}

fn issues(kept: &mut Kept, asked: &Asked) -> Result<Answered, String> {
    match asked.method() {
        "GET" => {
            let label = &asked.query["labels"];
            let state = &asked.query["state"];
            let fits = |it: &&Value| {
                let labels = it["labels"].as_array().unwrap();
                (state == "all" || it["state"] == state.as_str())
                    && labels.iter().any(|of| of["name"] == label.as_str())
            };
            let of = kept.issues.iter().filter(fits).cloned().collect();
            let (items, headers) = page(asked, of);
            Ok((200, items.into(), headers))
        }
        "POST" => {
            let one = example(asked, 201);
            let label = one["labels"][0].clone();
            let labels = asked.body["labels"].as_array().cloned().unwrap_or_default();
            let labels: Vec<Value> = labels
                .into_iter()
                .map(|name| with(label.clone(), json!({ "name": name })))
                .collect();
            let mut issue = with(one, asked.body.clone());
            issue["labels"] = labels.into();
            issue["number"] = json!(kept.issues.len() + 1);
            issue["state"] = json!("open");
            issue.as_object_mut().unwrap().remove("pull_request");
            kept.issues.push(issue.clone());
            made(issue)
        }
        _ => {
            let number = asked.number();
            let known = kept.issues.iter_mut().find(|it| it["number"] == number).unwrap();
            *known = with(known.clone(), asked.body.clone());
            ok(known.clone())
        }
    }
}

/// One value with the fields of another.
fn with(mut value: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more} has no fields") };
    for (name, it) in more {
        value[name] = it;
    }
    value
}

/// What a check run says of itself after it was told something.
fn reported(told: &Value, id: u64) -> Value {
    let mut told = told.clone();
    told["id"] = json!(id);
    if told["conclusion"].is_null() {
        told["conclusion"] = Value::Null;
    }
    let output = told.as_object_mut().unwrap().remove("output").unwrap_or_default();
    let annotations = output["annotations"].as_array().cloned().unwrap_or_default();
    told["output"] = json!({ "title": output["title"], "summary": output["summary"], "text": null,
        "annotations_count": annotations.len(), "annotations_url": "https://api.github.com",
        // For the tests: GitHub shows them elsewhere.
        "annotations": annotations });
    told
}

/// A page of a list, and where the next one is.
fn page(asked: &Asked, all: Vec<Value>) -> (Vec<Value>, Vec<(String, String)>) {
    let number = |name: &str, usual| asked.query.get(name).map_or(usual, |it| it.parse().unwrap());
    let (size, page): (usize, usize) = (number("per_page", 30), number("page", 1));
    let next = format!(
        "<https://api.github.com{}?per_page={size}&page={}>; rel=\"next\", <https://x>; rel=\"last\"",
        asked.path,
        page + 1
    );
    let headers =
        if all.len() > size * page { vec![("link".to_owned(), next)] } else { Vec::new() };
    (all.into_iter().skip(size * (page - 1)).take(size).collect(), headers)
}

/// Whether it is a JSON Web Token of the App, signed with its key, and of now.
fn is_word_of_app(token: &str) -> bool {
    let der: String = APP_KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_der(&STANDARD.decode(der).unwrap()).unwrap();
    let key =
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().as_ref().to_vec());
    let Some((words, signature)) = token.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    if key.verify(words.as_bytes(), &signature).is_err() {
        return false;
    }
    let part = |at: usize| -> Value {
        let part = words.split('.').nth(at).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (claims, second) = (part(1), |value: &Value| value.as_u64().unwrap());
    part(0)["alg"] == "RS256"
        && claims["iss"].as_str() == Some(APP.to_string().as_str())
        && second(&claims["iat"]) <= now
        && second(&claims["exp"]) > now
        && second(&claims["exp"]) - second(&claims["iat"]) <= 600
}
