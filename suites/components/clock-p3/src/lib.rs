//! `clock-p3`: notes the moment of every run in wasi:keyvalue, and tells the intervals over HTTP.
//!
//! Run by a schedule, it notes one moment and ends. With the environment variable EVERY_MS it is a
//! service that waits so long between two moments, for ever, counted from its start. HOLD_MS makes
//! every run last so long. `GET /` answers with the moments in nanoseconds since 1970, a line each,
//! oldest first: every instance has a monotonic clock of its own. It must not do anything between
//! waking up and looking at the clock.

wit_bindgen::generate!({
    path: ["../wit/p3", "../wit/keyvalue/deps/keyvalue"],
    inline: "
        package arewefastyet:clock-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:clocks/system-clock@0.3.0;
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:keyvalue/atomics@0.2.0-draft;
            import wasi:http/types@0.3.0;
            export wasi:cli/run@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:clock-p3/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest as Run;
use exports::wasi::http::handler::Guest as Handler;
use wasi::cli::environment::get_environment;
use wasi::clocks::monotonic_clock::{now, wait_for, wait_until};
use wasi::clocks::system_clock;
use wasi::http::types::{ErrorCode, Fields, Request, Response};
use wasi::keyvalue::{atomics, store};

const NS_PER_MS: u64 = 1_000_000;

struct Clock;

impl Run for Clock {
    async fn run() -> Result<(), ()> {
        let (moment, started) = (system_clock::now(), now());
        let hold = millis("HOLD_MS").map(|ms| ms * NS_PER_MS);
        let Some(every) = millis("EVERY_MS").map(|ms| ms * NS_PER_MS) else {
            note(moment)?;
            wait_for(hold.unwrap_or(0)).await;
            return Ok(());
        };
        for turn in 1.. {
            wait_until(started + turn * every).await;
            note(system_clock::now())?;
        }
        Ok(())
    }
}

/// The environment variable, if it is a number.
fn millis(name: &str) -> Option<u64> {
    let found = get_environment().into_iter().find(|(key, _)| key == name);
    found.and_then(|(_, text)| text.parse().ok())
}

fn note(moment: system_clock::Instant) -> Result<(), ()> {
    let moment = moment.seconds as u64 * 1_000_000_000 + u64::from(moment.nanoseconds);
    let bucket = store::open("clock").map_err(drop)?;
    let index = atomics::increment(&bucket, "count", 1).map_err(drop)?;
    bucket.set(&index.to_string(), &moment.to_le_bytes()).map_err(drop)
}

/// All moments, as long as they lie there without a gap.
fn moments() -> Result<String, store::Error> {
    let bucket = store::open("clock")?;
    let mut text = String::new();
    for index in 1_u64.. {
        let Some(bytes) = bucket.get(&index.to_string())? else { break };
        let moment = <[u8; 8]>::try_from(bytes).map(u64::from_le_bytes).unwrap_or_default();
        text.push_str(&format!("{moment}\n"));
    }
    Ok(text)
}

impl Handler for Clock {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        let text = moments().map_err(|_| ErrorCode::InternalError(None))?;
        let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
        // Only a host that breaks the contract of wasi:http refuses this header.
        let headers = Fields::from_list(&[content_type]).unwrap();
        let (mut body_writer, body) = wit_stream::new();
        let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        wit_bindgen::spawn_local(async move {
            body_writer.write_all(text.into_bytes()).await;
            drop(body_writer);
            let _ = trailers_writer.write(Ok(None)).await;
        });
        Ok(response)
    }
}

export!(Clock);
