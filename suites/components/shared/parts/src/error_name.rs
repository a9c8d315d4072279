//! The name that WIT gives an error, from the name that Rust gives it. It must not know the errors.

/// Words that WIT writes in capitals in the names of wasi:http.
const ACRONYMS: [&str; 5] = ["dns", "http", "ip", "tls", "uri"];

/// `ErrorCode::HttpRequestUriTooLong`, with or without a value, becomes `HTTP-request-URI-too-long`.
pub fn wit_name(debug: &str) -> String {
    let case = debug.split(['(', '{', ' ']).next().unwrap_or(debug);
    let case = case.rsplit("::").next().unwrap_or(case);
    let mut words: Vec<String> = Vec::new();
    for letter in case.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().to_string()),
        }
    }
    for word in &mut words {
        if ACRONYMS.contains(&word.as_str()) {
            word.make_ascii_uppercase();
        }
    }
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::wit_name;

    #[test]
    fn names_are_those_of_wit() {
        for (debug, name) in [
            ("ErrorCode::HttpRequestDenied", "HTTP-request-denied"),
            ("ErrorCode::HttpRequestUriTooLong", "HTTP-request-URI-too-long"),
            ("ErrorCode::DestinationIpProhibited", "destination-IP-prohibited"),
            ("ErrorCode::DnsError(DnsErrorPayload { rcode: None })", "DNS-error"),
            ("ErrorCode::InternalError(Some(\"A::b\"))", "internal-error"),
            ("NoEntry", "no-entry"),
            ("", ""),
        ] {
            assert_eq!(wit_name(debug), name, "{debug}");
        }
    }
}
