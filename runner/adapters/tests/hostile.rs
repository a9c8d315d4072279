//! Files with any mistakes. The number of tries follows `PROPTEST_CASES`: seconds in CI,
//! minutes in a campaign.

use super::{FIXTURES, fixture, made, read};
use proptest::prelude::*;

/// What is done to a text, at a place from 0 to 1.
#[derive(Debug, Clone)]
enum Damage {
    Cut(f64),
    Remove(f64, usize),
    Insert(f64, String),
    Repeat(f64, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = || 0.0..1.0_f64;
    let token = prop_oneof![
        Just("-".to_owned()),
        Just("0".to_owned()),
        Just("1e400".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("\"".to_owned()),
        Just("\n".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("\u{0}\u{b5}\u{202e}".to_owned()),
        ".{0,12}",
    ];
    prop_oneof![
        place().prop_map(Damage::Cut),
        (place(), 1..40_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (place(), token).prop_map(|(at, text)| Damage::Insert(at, text)),
        (place(), 1..200_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
    ]
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for damage in damages {
        let at = |place: f64| (place * letters.len() as f64) as usize;
        match damage {
            Damage::Cut(place) => letters.truncate(at(*place)),
            Damage::Remove(place, count) => {
                let (start, end) = (at(*place), letters.len().min(at(*place) + count));
                letters.drain(start..end);
            }
            Damage::Insert(place, text) => {
                let start = at(*place);
                letters.splice(start..start, text.chars());
            }
            Damage::Repeat(place, count) => {
                let (start, end) = (at(*place), letters.len().min(at(*place) + count));
                let again: Vec<char> = letters[start..end].to_vec();
                letters.splice(start..start, again);
            }
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn damaged_files_are_read_or_refused(
        index in 0..FIXTURES.len(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let (format, name) = FIXTURES[index];
        let mut file = fixture(name);
        file.text = damaged(&file.text, &damages);
        if let Ok(sessions) = read(format, &[file.clone()]) {
            // What is read is a run, or refused for a reason.
            if let Ok(runs) = made(format, &[file], &sessions) {
                prop_assert!(runs.iter().all(|run| run.validate().is_ok()));
            }
        }
    }

    #[test]
    fn any_text_is_refused_or_read(index in 0..adapters::FORMATS.len(), text in "\\PC{0,200}") {
        let format = adapters::FORMATS[index].name;
        let mut file = fixture("go.txt");
        file.text = text;
        let _ = read(format, &[file]);
    }
}
