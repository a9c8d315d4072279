//! Lists in parts, and the same list as CSV for those who ask for it. A cursor says
//! where the next part begins; it means nothing to anybody else.

use crate::problem::Problem;
use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items of a part, unless another number is asked for.
const USUAL: usize = 100;
/// More than that is not answered at once.
const MOST: usize = 2000;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// `next` of the part before; the first part without it.
    pub(crate) cursor: Option<String>,
    /// Items of the part, 1 to 2000 [default: 100].
    #[param(minimum = 1, maximum = 2000)]
    pub(crate) limit: Option<usize>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the next part; null after the last.
    pub(crate) next: Option<String>,
}

/// An item as a line of CSV.
pub(crate) trait Row {
    /// Names of the columns.
    const HEAD: &'static [&'static str];
    /// The fields.
    fn row(&self) -> Vec<String>;
}

impl Part {
    /// How many items.
    ///
    /// # Errors
    /// When it is a number that is not answered.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if (1..=MOST).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::bad(format!("limit: {limit}, give 1 to {MOST}")))
    }

    /// Where the part begins.
    ///
    /// # Errors
    /// When the cursor is none of ours.
    pub(crate) fn from(&self) -> Result<usize, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(0) };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let position = text.and_then(|text| text.strip_prefix("at ")?.parse().ok());
        position.ok_or_else(|| Problem::bad("cursor: give `next` of the part before, unchanged"))
    }

    /// The part of a list that is asked for.
    ///
    /// # Errors
    /// When the cursor or the limit is not right.
    pub(crate) fn of<T>(&self, all: impl IntoIterator<Item = T>) -> Result<Page<T>, Problem> {
        let (from, limit) = (self.from()?, self.limit()?);
        let mut rest = all.into_iter().skip(from);
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let next = rest.next().map(|_| cursor(from + limit));
        Ok(Page { items, next })
    }
}

/// The cursor of a position.
pub(crate) fn cursor(position: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("at {position}"))
}

impl<T: Serialize + Row> Page<T> {
    /// JSON, or CSV for those who accept it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn answer(self, headers: &HeaderMap) -> Result<Response, Problem> {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !accept.to_ascii_lowercase().contains("text/csv") {
            return Ok(Json(self).into_response());
        }
        let mut out = csv::Writer::from_writer(Vec::new());
        let written = out.write_record(T::HEAD).and_then(|()| {
            self.items
                .iter()
                .try_for_each(|item| out.write_record(item.row().into_iter().map(harmless)))
        });
        written.map_err(|error| Problem::internal(&error))?;
        let text = out.into_inner().map_err(|error| Problem::internal(&error))?;
        let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response();
        let link =
            self.next.and_then(|next| format!("<?cursor={next}>; rel=\"next\"").parse().ok());
        if let Some(link) = link {
            response.headers_mut().insert(axum::http::header::LINK, link);
        }
        Ok(response)
    }
}

/// What a spreadsheet would take for a formula is made text; numbers stay numbers.
fn harmless(field: String) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula && field.parse::<f64>().is_err() { format!("'{field}") } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_until_the_list_ends() {
        let mut part = Part { cursor: None, limit: Some(2) };
        let mut seen = Vec::new();
        loop {
            let page = part.of(0..5).unwrap();
            seen.extend(page.items);
            match page.next {
                Some(next) => part.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert!(Part { cursor: None, limit: Some(0) }.of(0..5).is_err());
        assert!(Part { cursor: Some("x".to_owned()), limit: None }.of(0..5).is_err());
    }

    #[test]
    fn a_field_is_never_a_formula() {
        let check = |field: &str, expected: &str| assert_eq!(harmless(field.to_owned()), expected);
        check("=1+1", "'=1+1");
        check("-cmd", "'-cmd");
        check("-1.5", "-1.5");
        check("a", "a");
    }
}
