//! The list of hosts a component may send requests to. Empty by default, and
//! then nothing may be sent. Hosts are compared as what they mean, not as they
//! are written: `127.1`, `0x7f.0.0.1` and `[::ffff:127.0.0.1]` are one address.

use http::Uri;
use std::fmt;
use url::Host;
use wasmtime_wasi_http::Error;

/// A component's `allowedHosts`.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts {
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    scheme: Option<String>,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Debug, Clone)]
enum HostPattern {
    Any,
    /// Every name below this one, not itself.
    Below(String),
    Exactly(Host),
}

#[derive(Debug, Clone, Copy)]
enum PortPattern {
    /// The usual one of the request's scheme.
    Usual,
    Any,
    Exactly(u16),
}

/// Why an entry is none.
#[derive(Debug)]
pub struct WrongEntry(String);

impl fmt::Display for WrongEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not an allowed host, expected [scheme://]host[:port] with a name, \
             *.name, an address ([::1] for IPv6) or *",
            self.0
        )
    }
}

impl AllowedHosts {
    /// Reads `[scheme://]host[:port]` entries. Without a port the usual one of
    /// the request's scheme is meant; `:*` is every port.
    ///
    /// # Errors
    /// The first entry that is none.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, WrongEntry> {
        let patterns = entries
            .into_iter()
            .map(|entry| Pattern::parse(entry).ok_or_else(|| WrongEntry(entry.to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self { patterns })
    }

    /// Whether a request to this URI may be sent.
    pub(super) fn judge(&self, uri: &Uri) -> Result<(), Error> {
        let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
        let scheme = uri.scheme_str().ok_or(Error::HttpRequestUriInvalid)?;
        if authority.as_str().contains('@') {
            return Err(Error::HttpRequestUriInvalid);
        }
        let host = meant(authority.host()).ok_or(Error::HttpRequestUriInvalid)?;
        let usual = usual_port(scheme).ok_or(Error::HttpProtocolError)?;
        let port = authority.port_u16().unwrap_or(usual);
        let allowed =
            self.patterns.iter().any(|pattern| pattern.allows(scheme, &host, port, usual));
        if allowed { Ok(()) } else { Err(Error::HttpRequestDenied) }
    }
}

impl Pattern {
    fn parse(entry: &str) -> Option<Self> {
        let (scheme, rest) = match entry.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (Some(scheme.to_owned()), rest),
            Some(_) => return None,
            None => (None, entry),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port = match port {
            None => PortPattern::Usual,
            Some("*") => PortPattern::Any,
            Some(port) => PortPattern::Exactly(port.parse().ok().filter(|port| *port != 0)?),
        };
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => HostPattern::Any,
            Some(name) => match meant(name)? {
                Host::Domain(name) => HostPattern::Below(format!(".{name}")),
                _ => return None,
            },
            None => HostPattern::Exactly(meant(host)?),
        };
        Some(Self { scheme, host, port })
    }

    fn allows(&self, scheme: &str, host: &Host, port: u16, usual: u16) -> bool {
        let scheme_fits = self.scheme.as_deref().is_none_or(|wanted| wanted == scheme);
        let host_fits = match (&self.host, host) {
            (HostPattern::Any, _) => true,
            (HostPattern::Below(suffix), Host::Domain(name)) => name.ends_with(suffix.as_str()),
            (HostPattern::Below(_), _) => false,
            (HostPattern::Exactly(wanted), host) => wanted == host,
        };
        let port_fits = match self.port {
            PortPattern::Any => true,
            PortPattern::Usual => port == usual,
            PortPattern::Exactly(wanted) => port == wanted,
        };
        scheme_fits && host_fits && port_fits
    }
}

/// What a host means: numbers as the address they are, names in lower case and
/// without the dot that says they are complete.
fn meant(host: &str) -> Option<Host> {
    match Host::parse(host).ok()? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            (!name.is_empty() && !name.contains('*')).then(|| Host::Domain(name.to_owned()))
        }
        Host::Ipv6(address) => Some(match address.to_ipv4_mapped() {
            Some(address) => Host::Ipv4(address),
            None => Host::Ipv6(address),
        }),
        address @ Host::Ipv4(_) => Some(address),
    }
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[&str], uri: &str, allowed: bool) {
        let hosts = AllowedHosts::parse(entries.iter().copied()).expect("valid entries");
        let uri: Uri = uri.parse().expect("a valid URI");
        assert_eq!(hosts.judge(&uri).is_ok(), allowed, "{entries:?} {uri}");
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        check(&[], "http://example.com/", false);
        check(&[], "http://127.0.0.1/", false);
    }

    #[test]
    fn names_ports_and_schemes() {
        check(&["example.com"], "http://EXAMPLE.com./x", true);
        check(&["example.com"], "https://example.com/", true);
        check(&["example.com"], "http://example.com:8080/", false);
        check(&["example.com:8080"], "http://example.com:8080/", true);
        check(&["example.com:*"], "http://example.com:1/", true);
        check(&["https://example.com"], "http://example.com/", false);
        check(&["example.com"], "http://a.example.com/", false);
        check(&["*.example.com"], "http://a.example.com/", true);
        check(&["*.example.com"], "http://example.com/", false);
        check(&["*.example.com"], "http://notexample.com/", false);
        check(&["*"], "http://[::1]/", true);
    }

    #[test]
    fn an_address_cannot_be_written_around_the_list() {
        for written in ["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "[::ffff:127.0.0.1]"] {
            check(&["example.com", "*.com"], &format!("http://{written}/"), false);
            check(&["127.0.0.1"], &format!("http://{written}/"), true);
        }
        check(&["[::1]"], "http://[0:0:0:0:0:0:0:1]/", true);
        check(&["[::1]:81"], "http://[::1]:81/", true);
        check(&["[::1]"], "http://[::2]/", false);
        check(&["example.com"], "http://example.com@127.0.0.1/", false);
    }

    #[test]
    fn wrong_entries_are_named() {
        for entry in ["", "a b", "ftp://x", "x:0", "x:99999", "*.*", "a.*", "*.127.0.0.1", "x/y"] {
            assert!(AllowedHosts::parse([entry]).is_err(), "{entry}");
        }
    }
}
