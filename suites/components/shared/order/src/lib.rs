//! Adds up an order: what a guest in each language does with a request, byte for byte alike. It must
//! not know how requests come and go.

use serde::{Deserialize, Serialize};

/// Where orders are posted to.
pub const PATH: &str = "/order";

/// What is answered to a request.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The value of `content-type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    fn text(status: u16, body: &str) -> Self {
        Self { status, content_type: "text/plain", body: body.into() }
    }

    /// To a `GET` of `/`, which needs no work.
    pub fn hello() -> Self {
        Self::text(200, "hello")
    }

    /// To all that nobody asks for.
    pub fn not_found() -> Self {
        Self::text(404, "not found")
    }

    /// To the body of a `POST` to [`PATH`].
    pub fn to_order(body: &[u8]) -> Self {
        match added_up(body) {
            Some(body) => Self { status: 200, content_type: "application/json", body },
            None => Self::text(400, "not an order"),
        }
    }
}

/// The sum of an order, both as JSON.
fn added_up(body: &[u8]) -> Option<Vec<u8>> {
    let order: Order = serde_json::from_slice(body).ok()?;
    serde_json::to_vec(&Sum::of(&order)?).ok()
}

#[derive(Deserialize)]
struct Order {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    cents: u64,
    count: u64,
}

#[derive(Serialize)]
struct Sum<'a> {
    lines: usize,
    units: u64,
    cents: u64,
    dearest: &'a str,
}

impl<'a> Sum<'a> {
    /// The dearest is the first of those with the highest price; an order without lines is none.
    fn of(order: &'a Order) -> Option<Self> {
        let dearest = order.lines.iter().rev().max_by_key(|line| line.cents)?;
        Some(Self {
            lines: order.lines.len(),
            units: order.lines.iter().map(|line| line.count).sum(),
            cents: order.lines.iter().map(|line| line.cents * line.count).sum(),
            dearest: &dearest.name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_added_up() {
        for (order, status, answer) in [
            (
                r#"{"lines":[{"name":"tea","cents":250,"count":2},{"name":"jam","cents":399,"count":1},{"cents":399,"count":3,"name":"nuts"}]}"#,
                200,
                r#"{"lines":3,"units":6,"cents":2096,"dearest":"jam"}"#,
            ),
            (r#"{"lines":[]}"#, 400, "not an order"),
            (r#"{"lines":[{"name":"tea","cents":250}]}"#, 400, "not an order"),
            ("{", 400, "not an order"),
        ] {
            let told = Answer::to_order(order.as_bytes());
            assert_eq!((told.status, told.body.as_slice()), (status, answer.as_bytes()), "{order}");
        }
    }
}
