//! The texts that may stand for a name, a path or a host in a workload file.
//! Pure functions; an error says what is wrong with the text, not where it is.

/// Names of components, volumes and interfaces: what DNS calls a label.
pub(super) fn label(text: &str) -> Result<(), String> {
    let is_label = !text.starts_with('-')
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !is_label {
        return Err(format!(
            "`{text}` is not a name: lower-case letters, digits and `-`, and no `-` first"
        ));
    }
    short(text, 63)
}

/// Names of workloads: labels with dots between them.
pub(super) fn dns_name(text: &str) -> Result<(), String> {
    text.split('.').try_for_each(label).map_err(|reason| match text.contains('.') {
        true => format!("`{text}`: {reason}"),
        false => reason,
    })?;
    short(text, 253)
}

fn short(text: &str, most: usize) -> Result<(), String> {
    if text.len() <= most {
        return Ok(());
    }
    Err(format!("is longer than {most} characters"))
}

/// An absolute path without `.`, `..` and empty segments; a slash at the end is
/// taken off.
pub(super) fn absolute_path(text: &str) -> Result<String, String> {
    let refuse = |what: &str| Err(format!("`{text}` {what}"));
    let Some(rest) = text.strip_prefix('/') else {
        return refuse("must begin with `/`");
    };
    if rest.is_empty() {
        return Ok(text.to_owned());
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    for segment in rest.split('/') {
        match segment {
            "" => return refuse("has an empty segment"),
            "." | ".." => return refuse("must not contain `.` or `..` as a segment"),
            _ if segment.contains('\0') => return refuse("must not contain a NUL"),
            _ => {}
        }
    }
    Ok(format!("/{rest}"))
}

/// A prefix of request paths. Only characters that a request's path holds as
/// they are, since both are compared byte by byte.
pub(super) fn path_prefix(text: &str) -> Result<String, String> {
    let path = absolute_path(text)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(c);
    match path.chars().find(|c| !is_plain(*c)) {
        None => Ok(path),
        Some('?') => Err(format!("`{text}` must not contain a query")),
        Some(c) => Err(format!("`{text}` must not contain {c:?}")),
    }
}

/// The name of an environment variable.
pub(super) fn variable(name: &str) -> Result<(), String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("the name of a variable must not be empty nor contain `=` or NUL".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for good in ["a", "0", "a-b", "a-"] {
            assert_eq!(label(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", "A", "a_b", "a.b", "ä", "a b", &"a".repeat(64)] {
            assert!(label(bad).is_err(), "{bad}");
        }
        assert_eq!(dns_name("a.b-c"), Ok(()));
        for bad in ["a..b", ".", "a.B"] {
            assert!(dns_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn absolute_paths() {
        let good =
            [("/", "/"), ("/a", "/a"), ("/a/", "/a"), ("/a/b.c", "/a/b.c"), ("/...", "/...")];
        for (text, want) in good {
            assert_eq!(absolute_path(text).as_deref(), Ok(want));
        }
        for bad in ["", "a", "a/b", "//", "//a", "/a//b", "/a//", "/.", "/a/../b", "/..", "/a\0"] {
            assert!(absolute_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn prefixes_hold_no_query_and_nothing_encoded() {
        assert_eq!(path_prefix("/a~b/(c)/").as_deref(), Ok("/a~b/(c)"));
        for bad in ["/a?b", "/a#b", "/a%20b", "/{a}", "/a b", "/ä", "/a\\b"] {
            assert!(path_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
