//! Names of files for any text a guest comes up with: letters and digits only,
//! so that no text leads anywhere else, and no two texts to the same file.

use std::path::{Path, PathBuf};

/// The path of a file for any text: parts of a letter and hexadecimal digits, as
/// long as file systems take them (255 bytes a name). The last part begins with
/// `k`, folders on the way with `d`.
pub(super) fn name_of(text: &str) -> PathBuf {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut path = PathBuf::new();
    let mut rest = digits.as_str();
    while rest.len() > 200 {
        let (part, after) = rest.split_at(200);
        path.push(format!("d{part}"));
        rest = after;
    }
    path.join(format!("k{rest}"))
}

/// The text that a path was made of, if it was.
pub(super) fn text_of(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    for part in path {
        let digits = part.to_str()?.get(1..)?;
        for index in (0..digits.len()).step_by(2) {
            bytes.push(u8::from_str_radix(digits.get(index..index + 2)?, 16).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_a_file_of_its_own_and_back() {
        for key in ["a", "../../etc/passwd", "", "ä/ö", &"x".repeat(1024)] {
            let path = name_of(key);
            assert!(path.iter().all(|part| part.len() <= 201), "{path:?}");
            assert_eq!(text_of(&path).as_deref(), Some(key));
        }
    }
}
