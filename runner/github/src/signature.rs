//! Whether a delivery is GitHub's own: HMAC-SHA256 of the body with a shared secret, in
//! `X-Hub-Signature-256`, compared in the same time whatever it is.

use ring::hmac;

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// There is no signature, or it cannot be one.
    #[error("X-Hub-Signature-256: missing, or not `sha256=` and 64 hexadecimal digits")]
    Unsigned,
    /// It is of another body or another secret.
    #[error(
        "X-Hub-Signature-256: it is not the signature of this body; is the secret the same at both ends?"
    )]
    Wrong,
}

/// Believes a body only if its signature is right.
///
/// # Errors
/// When it is missing or wrong.
pub fn verify(secret: &[u8], body: &[u8], header: Option<&str>) -> Result<(), Forged> {
    let digits = header.and_then(|header| header.strip_prefix("sha256="));
    let signature = digits.and_then(from_hex).ok_or(Forged::Unsigned)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, body, &signature).map_err(|_| Forged::Wrong)
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..64).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_githubs_documentation_is_believed_and_nothing_near_it() {
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let check = |secret: &str, body: &str, header: Option<&str>, expected| {
            assert_eq!(verify(secret.as_bytes(), body.as_bytes(), header), expected);
        };
        let (secret, body) = ("It's a Secret to Everybody", "Hello, World!");
        check(secret, body, Some(right), Ok(()));
        check(secret, "Hello, World.", Some(right), Err(Forged::Wrong));
        check("another", body, Some(right), Err(Forged::Wrong));
        check(secret, body, None, Err(Forged::Unsigned));
        check(secret, body, Some("sha256="), Err(Forged::Unsigned));
        check(secret, body, Some(&right[7..]), Err(Forged::Unsigned));
        check(secret, body, Some(&right.replacen("75", "é", 1)), Err(Forged::Unsigned));
        check(secret, body, Some(&right.replacen("75", "+5", 1)), Err(Forged::Unsigned));
    }
}
