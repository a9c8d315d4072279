//! Texts nobody thought of: each is accepted or refused with its place.

use super::*;
use proptest::prelude::*;

/// `FILE:LINE:COLUMN: `, and all of it on one line.
fn check_place(error: &str) -> std::result::Result<(), TestCaseError> {
    let place = error.strip_prefix(PATH).and_then(|rest| rest.strip_prefix(':'));
    let (place, _) = place.and_then(|rest| rest.split_once(": ")).unwrap_or_default();
    let numbers = place.split_once(':');
    let is_number = |text: &str| text.parse::<u64>().is_ok_and(|number| number > 0);
    let is_placed = numbers.is_some_and(|(line, column)| is_number(line) && is_number(column));
    prop_assert!(is_placed && !error.contains('\n'), "{error}");
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_refused_with_its_place(text in any::<String>()) {
        if let Err(error) = parse(&text, Path::new(PATH)) {
            check_place(&error.to_string())?;
        }
    }

    /// A good file with a piece cut out and something else put in.
    #[test]
    fn a_spoiled_file_is_refused_with_its_place(
        start in 0..600_usize,
        cut in 0..80_usize,
        put in "[-:{}\\[\\]&*!|>'\"#%@,? \n\ta-c0-9~.<=é\u{0}\u{feff}]{0,12}",
    ) {
        let good = format!("{}---\n{}", routed("host: shop", &["path: /a", ""]), resources("cpuLimit: 1"));
        let mut bytes = good.into_bytes();
        let start = start.min(bytes.len());
        let end = (start + cut).min(bytes.len());
        bytes.splice(start..end, put.into_bytes());
        let text = String::from_utf8(bytes).expect("the good file is ASCII");
        if let Err(error) = parse(&text, Path::new(PATH)) {
            check_place(&error.to_string())?;
        }
    }
}
