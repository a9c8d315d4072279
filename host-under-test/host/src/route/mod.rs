//! Who gets a request: a decision by its host and path alone. Knows no component
//! and writes no response; what it hands out is whatever was put in.

mod paths;
mod table;

pub(crate) use table::{Key, Table};

use crate::hostname::host_of_authority;
use http::header::HOST;
use http::{Request, Version};

/// Why nobody gets a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request does not say whom it is for, or not in a valid way.
    BadHost,
    /// No workload answers for this host.
    UnknownHost,
    /// A workload answers for this host, but none of its components for this path.
    UnknownPath,
}

/// The host a request is for; `None` if it names none, which only versions
/// before HTTP/1.1 may do.
pub(crate) fn asked_host<B>(request: &Request<B>) -> Result<Option<&[u8]>, Refusal> {
    let mut values = request.headers().get_all(HOST).iter();
    let header = match (values.next(), values.next()) {
        (Some(value), None) => Some(host_of_authority(value.as_bytes()).ok_or(Refusal::BadHost)?),
        (Some(_), Some(_)) => return Err(Refusal::BadHost),
        (None, _) if request.version() == Version::HTTP_11 => return Err(Refusal::BadHost),
        (None, _) => None,
    };
    // RFC 9112, 3.2.2: a target in absolute form overrides the header, which
    // has to be there and valid all the same. In HTTP/2 the authority is a
    // pseudo-header (RFC 9113, 8.3.1) and the header may be absent.
    match request.uri().authority() {
        Some(authority) => {
            host_of_authority(authority.as_str().as_bytes()).map(Some).ok_or(Refusal::BadHost)
        }
        None => Ok(header),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: http::request::Builder, want: Result<Option<&str>, Refusal>) {
        let request = request.body(()).expect("a valid request");
        assert_eq!(asked_host(&request), want.map(|host| host.map(str::as_bytes)), "{request:?}");
    }

    fn get(hosts: &[&str]) -> http::request::Builder {
        hosts.iter().fold(Request::get("/"), |r, h| r.header(HOST, *h))
    }

    #[test]
    fn hosts() {
        check(get(&["hello.localhost:8080"]), Ok(Some("hello.localhost")));
        check(get(&[]), Err(Refusal::BadHost));
        check(get(&["a", "a"]), Err(Refusal::BadHost));
        check(get(&["hello localhost"]), Err(Refusal::BadHost));
        check(get(&[""]), Err(Refusal::BadHost));
        check(get(&[]).version(Version::HTTP_10), Ok(None));
        check(get(&["other"]).uri("http://hello:1/x"), Ok(Some("hello")));
        check(get(&[]).uri("http://hello:1/x"), Err(Refusal::BadHost));
        check(get(&[]).version(Version::HTTP_2).uri("http://hello:1/x"), Ok(Some("hello")));
    }
}
