//! Error texts in a form that can be read in an assertion.

/// The exact words, wrapped to lines that fit a source file.
pub(crate) fn wrapped(text: &str) -> String {
    const WIDTH: usize = 80;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        lines.push(String::new());
        for word in line.split(' ') {
            match lines.last_mut() {
                Some(last) if last.is_empty() => last.push_str(word),
                Some(last) if last.len() + word.len() < WIDTH => *last += &format!(" {word}"),
                _ => lines.push(word.to_owned()),
            }
        }
    }
    lines.join("\n")
}
