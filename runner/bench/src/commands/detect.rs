//! `bench detect --ndjson`: change points of histories on standard input.

use crate::cli::Detect;
use crate::exit::Exit;
use crate::ndjson;
use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use stats::detect::{self, Change, Options, Standing};
use std::io;

/// A history: values in the order of `index`, a commit's number for example.
#[derive(Deserialize)]
struct History {
    id: String,
    index: Vec<i64>,
    values: Vec<f64>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    changes: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    /// Of the first value at the new level.
    index: i64,
    /// 1 up, -1 down.
    direction: i8,
    /// New level over old level, less 1; null where some value is not above zero.
    effect: Option<f64>,
    /// `established`, or `suspected` near the end.
    standing: &'static str,
}

pub(super) fn run(arguments: &Detect) -> Result<Exit> {
    let options = Options { smallest_change: arguments.smallest_change };
    let answer = |history: History| in_history(history, &options);
    ndjson::answer(io::stdin().lock(), io::stdout().lock(), answer)?;
    Ok(Exit::Fine)
}

fn in_history(history: History, options: &Options) -> Result<Answer> {
    let History { id, index, values } = history;
    ensure!(
        index.len() == values.len(),
        "`{id}` has {} indices and {} values",
        index.len(),
        values.len()
    );
    if let Some(pair) = index.windows(2).find(|pair| pair[0] >= pair[1]) {
        bail!("`{id}`: index {} follows {}; they must ascend", pair[1], pair[0]);
    }
    if values.is_empty() {
        return Ok(Answer { id, changes: Vec::new() });
    }
    let changes = detect::changes(&values, options)?;
    let found = |change: Change| Found {
        index: index[change.position],
        direction: if change.rises { 1 } else { -1 },
        effect: change.effect,
        standing: match change.standing {
            Standing::Established => "established",
            Standing::Suspected => "suspected",
        },
    };
    Ok(Answer { id, changes: changes.into_iter().map(found).collect() })
}
