//! What a request asks of the egress guests: where to call, and how many times. It must not call.

use std::num::NonZeroU32;

use crate::url::Url;

/// Calls to make, one after the other.
#[derive(Debug, PartialEq, Eq)]
pub struct Errand {
    pub url: Url,
    pub calls: NonZeroU32,
}

impl Errand {
    /// Reads it from the request's headers; the error is for the client.
    pub fn read(
        header: impl Fn(&str) -> Vec<Vec<u8>>,
        own_url: impl FnOnce() -> Option<String>,
    ) -> Result<Self, String> {
        let header = |name| Some(String::from_utf8_lossy(header(name).first()?).into_owned());
        let url = header("x-url").or_else(own_url);
        let url = url.ok_or("no x-url in the request, and no URL in the environment")?;
        let calls = header("x-calls").map_or(Ok(NonZeroU32::MIN), |calls| {
            calls.parse().map_err(|_| format!("x-calls: {calls}: expected a number from 1 on"))
        })?;
        Ok(Self { url: Url::parse(&url)?, calls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, calls: &str, own_url: Option<&str>) -> Option<(String, u32)> {
        let given = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        let header = |name: &str| given(if name == "x-url" { url } else { calls });
        let errand =
            Errand::read(|name| header(name).into_iter().collect(), || own_url.map(str::to_owned));
        errand.ok().map(|errand| (errand.url.authority, errand.calls.get()))
    }

    #[test]
    fn the_request_goes_before_the_environment() {
        let is = |authority: &str, calls| Some((authority.to_owned(), calls));
        assert_eq!(read("http://a/", "", Some("http://b/")), is("a", 1));
        assert_eq!(read("", "3", Some("http://b/")), is("b", 3));
        assert_eq!(read("nonsense", "", Some("http://b/")), None);
        assert_eq!(read("http://a/", "0", None), None);
        assert_eq!(read("", "", None), None);
    }
}
