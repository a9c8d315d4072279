//! Who gets a request: a decision by its host alone. Knows no component and
//! writes no response.

use crate::hostname::{host_of_authority, is_same_host};
use http::header::HOST;
use http::{Request, Version};

/// Why no component gets a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request does not say whom it is for, or not in a valid way.
    BadHost,
    /// No workload answers for this host.
    UnknownHost,
}

/// Routes by the host a request is for.
#[derive(Debug)]
pub(crate) struct Router {
    /// The only host that is answered; `None` answers all.
    host: Option<String>,
}

impl Router {
    pub(crate) fn new(host: Option<String>) -> Self {
        Self { host }
    }

    /// Decides about one request.
    pub(crate) fn route<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let asked = asked_host(request)?;
        match (&self.host, asked) {
            (None, _) => Ok(()),
            (Some(own), Some(asked)) if is_same_host(own.as_bytes(), asked) => Ok(()),
            (Some(_), _) => Err(Refusal::UnknownHost),
        }
    }
}

/// The host a request is for; `None` if it names none, which only versions
/// before HTTP/1.1 may do.
fn asked_host<B>(request: &Request<B>) -> Result<Option<&[u8]>, Refusal> {
    let mut values = request.headers().get_all(HOST).iter();
    let header = match (values.next(), values.next()) {
        (Some(value), None) => Some(host_of_authority(value.as_bytes()).ok_or(Refusal::BadHost)?),
        (Some(_), Some(_)) => return Err(Refusal::BadHost),
        (None, _) if request.version() < Version::HTTP_11 => None,
        (None, _) => return Err(Refusal::BadHost),
    };
    // RFC 9112, 3.2.2: a target in absolute form overrides the header, which
    // has to be there and valid all the same.
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

    fn check(own: Option<&str>, request: http::request::Builder, want: Result<(), Refusal>) {
        let request = request.body(()).expect("a valid request");
        let router = Router::new(own.map(str::to_owned));
        assert_eq!(router.route(&request), want, "{own:?} {request:?}");
    }

    fn get(hosts: &[&str]) -> http::request::Builder {
        hosts.iter().fold(Request::get("/"), |r, h| r.header(HOST, *h))
    }

    #[test]
    fn decisions() {
        let own = Some("hello.localhost");
        check(own, get(&["hello.localhost"]), Ok(()));
        check(own, get(&["HELLO.localhost:8080"]), Ok(()));
        check(own, get(&["other.localhost"]), Err(Refusal::UnknownHost));
        check(own, get(&[]), Err(Refusal::BadHost));
        check(own, get(&["hello.localhost", "hello.localhost"]), Err(Refusal::BadHost));
        check(own, get(&["hello localhost"]), Err(Refusal::BadHost));
        check(own, get(&[]).version(Version::HTTP_10), Err(Refusal::UnknownHost));
        check(None, get(&["any.thing"]), Ok(()));
        check(None, get(&[]), Err(Refusal::BadHost));
        check(None, get(&[""]), Err(Refusal::BadHost));
        check(None, get(&[]).version(Version::HTTP_10), Ok(()));
        let absolute = get(&["other"]).uri("http://hello.localhost:1/x");
        check(own, absolute, Ok(()));
    }
}
