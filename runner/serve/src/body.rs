//! Bodies that are read whole, up to a length.

use crate::problem::Problem;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use bytes::BytesMut;
use futures_util::StreamExt as _;

/// So many times the longest body is read before a connection is closed.
const READ_ON: usize = 2;

/// The body, if it is short enough. One that is too long is read on for a while and
/// forgotten: who still sends does not hear an answer.
pub(crate) async fn whole(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    let told = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut is_too_long = told.is_some_and(|told: usize| told > most);
    let (mut whole, mut read) = (BytesMut::new(), 0_usize);
    let mut stream = body.into_data_stream();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Problem::bad("the body was cut off"))?;
        read += part.len();
        is_too_long |= read > most;
        if is_too_long {
            whole.clear();
            if read > most.saturating_mul(READ_ON) {
                break;
            }
        } else {
            whole.extend_from_slice(&part);
        }
    }
    if !is_too_long {
        return Ok(whole.freeze());
    }
    let detail = format!("the body is longer than {most} bytes");
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
}
