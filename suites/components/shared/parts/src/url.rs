//! As much of a URL as a request needs. What is wrong with its parts is for the host to say.

/// A URL in its parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Url {
    pub is_https: bool,
    pub authority: String,
    pub path_and_query: String,
}

impl Url {
    /// Takes `http://authority/path?query` apart; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no URL: expected http://HOST:PORT/PATH or https://");
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let is_https = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if authority.is_empty() {
            return Err(wrong());
        }
        let slash = if tail.starts_with('/') { "" } else { "/" };
        let path_and_query = format!("{slash}{tail}");
        Ok(Self { is_https, authority: authority.to_owned(), path_and_query })
    }
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn urls_are_taken_apart() {
        for (text, expected) in [
            ("http://[::1]:80/a?b=/c#d", Some((false, "[::1]:80", "/a?b=/c"))),
            ("https://host", Some((true, "host", "/"))),
            ("http://host?q", Some((false, "host", "/?q"))),
            ("http:///a", None),
            ("host/a", None),
            ("ftp://host/", None),
        ] {
            let expected = expected.map(|(is_https, authority, path)| Url {
                is_https,
                authority: authority.to_owned(),
                path_and_query: path.to_owned(),
            });
            assert_eq!(Url::parse(text).ok(), expected, "{text}");
        }
    }
}
