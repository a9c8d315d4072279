//! Host names: what a workload may ask for and what a `Host` header may say.
//! Only the syntax; who gets the request is decided in `route/`.

/// Takes the host out of `host[:port]`. `None` if it is malformed.
///
/// Nothing is allocated, since this runs for every request.
pub(crate) fn host_of_authority(authority: &[u8]) -> Option<&[u8]> {
    let (host, port) = if authority.first() == Some(&b'[') {
        let end = authority.iter().position(|&byte| byte == b']')?;
        if end == 1 || !authority[1..end].iter().all(|&b| is_address_byte(b)) {
            return None;
        }
        authority.split_at(end + 1)
    } else {
        let end = authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len());
        let (host, port) = authority.split_at(end);
        if !is_name(host) {
            return None;
        }
        (host, port)
    };
    match port {
        [] => Some(host),
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => Some(host),
        _ => None,
    }
}

/// The one spelling of all that mean the same host: DNS names ignore case, and a
/// dot at the end only says that the name is complete.
pub(crate) fn canonical(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn is_name(host: &[u8]) -> bool {
    !host.is_empty()
        && host.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

fn is_address_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authority: &str, host: Option<&str>) {
        let got = host_of_authority(authority.as_bytes());
        assert_eq!(got, host.map(str::as_bytes), "authority {authority:?}");
    }

    #[test]
    fn host_is_split_from_port() {
        check("hello.localhost", Some("hello.localhost"));
        check("hello.localhost:8080", Some("hello.localhost"));
        check("hello.localhost:", Some("hello.localhost"));
        check("127.0.0.1:1", Some("127.0.0.1"));
        check("[::1]", Some("[::1]"));
        check("[::1]:80", Some("[::1]"));
    }

    #[test]
    fn malformed_is_refused() {
        for authority in [
            "",
            ":80",
            "a b",
            "user@host",
            "host:80x",
            "host:80:80",
            "[::1",
            "[]",
            "[::1]80",
            "a/b",
            "a,b",
            "[::1%eth0]",
        ] {
            check(authority, None);
        }
    }
}
