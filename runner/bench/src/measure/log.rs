//! The last lines a host printed, bounded in number and length. Kept with a
//! failure; never parsed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

const LINES: usize = 40;
const CHARS: usize = 400;

/// Shared between the threads that read a host's output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    last: VecDeque<String>,
    lines: usize,
}

impl Log {
    /// Keeps a line; control characters become spaces.
    pub(crate) fn push(&self, line: &str) {
        let line: String =
            line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS).collect();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.last.len() == LINES {
            kept.last.pop_front();
        }
        kept.last.push_back(line);
        kept.lines += 1;
    }

    /// What is kept, oldest first.
    pub(crate) fn tail(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// How many lines there were.
    pub(crate) fn lines(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines
    }
}
