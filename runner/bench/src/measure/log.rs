//! The last lines a host printed, bounded in number and length. Kept with a
//! failure; never parsed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

const LINES: usize = 40;
const CHARS: usize = 400;

/// Shared between the threads that read a host's output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<VecDeque<String>>>);

impl Log {
    /// Keeps a line; control characters become spaces.
    pub(crate) fn push(&self, line: &str) {
        let line: String =
            line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS).collect();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// What is kept, oldest first.
    pub(crate) fn tail(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// How many lines are kept.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
