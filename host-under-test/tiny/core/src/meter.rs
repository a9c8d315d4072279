//! Measured steps. They are kept while they are taken and told afterwards, so
//! that telling is no part of what is measured.

use crate::board::Board;
use core::fmt::{self, Write};

const MAX_STEPS: usize = 10;

/// From one reading of the counter to another.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    from: u64,
    to: u64,
}

/// Takes readings for a board.
pub struct Meter {
    board: &'static dyn Board,
    /// Name, span, and a span that is to be subtracted.
    steps: [(&'static str, Span, Option<Span>); MAX_STEPS],
    count: usize,
}

impl Meter {
    /// Nothing measured yet.
    pub fn new(board: &'static dyn Board) -> Self {
        Self { board, steps: [("", Span::default(), None); MAX_STEPS], count: 0 }
    }

    /// As [`time`].
    pub fn time<R>(&self, step: impl FnOnce() -> R) -> (Span, R) {
        time(self.board, step)
    }

    /// Measures a step.
    pub fn step<R>(&mut self, metric: &'static str, step: impl FnOnce() -> R) -> R {
        let (span, result) = self.time(step);
        self.keep(metric, span, None);
        result
    }

    /// Keeps a span, less another one.
    pub fn keep(&mut self, metric: &'static str, span: Span, less: Option<Span>) {
        if let Some(step) = self.steps.get_mut(self.count) {
            *step = (metric, span, less);
            self.count += 1;
        }
    }

    /// Keeps what has passed since the firmware began, less the waiting for bytes
    /// on the serial line.
    pub fn since_boot(&mut self, metric: &'static str, waited: u64) {
        let span = Span { from: 0, to: self.board.count() };
        self.keep(metric, span, Some(Span { from: 0, to: waited }));
    }

    /// Tells everything that was kept.
    pub fn tell(&self) {
        for (metric, span, less) in &self.steps[..self.count] {
            tell_span(self.board, metric, *span, *less);
        }
    }
}

/// Does something between two readings.
pub fn time<R>(board: &dyn Board, step: impl FnOnce() -> R) -> (Span, R) {
    let from = board.count();
    let result = step();
    (Span { from, to: board.count() }, result)
}

/// Tells a span, less another one. For a single step, which a [`Meter`] would
/// take half a kilobyte of stack for.
pub fn tell_span(board: &dyn Board, metric: &str, Span { from, to }: Span, less: Option<Span>) {
    let _ = write!(Serial(board), "{{\"metric\":\"{metric}\",\"span\":[{from},{to}]");
    if let Some(Span { from, to }) = less {
        let _ = write!(Serial(board), ",\"less\":[{from},{to}]");
    }
    board.send(b"}\n");
}

/// Tells a plain number.
pub fn tell_value(board: &dyn Board, metric: &str, value: u32) {
    line(board, format_args!("\"metric\":\"{metric}\",\"value\":{value}"));
}

/// Tells what is in use, and was.
pub fn tell_memory(board: &dyn Board) {
    let memory = board.memory();
    let total = memory.static_bytes + memory.heap_high_water_bytes + memory.stack_high_water_bytes;
    for (metric, bytes) in [
        ("static_ram_bytes", memory.static_bytes),
        ("heap_high_water_bytes", memory.heap_high_water_bytes),
        ("stack_high_water_bytes", memory.stack_high_water_bytes),
        ("ram_bytes", total),
    ] {
        tell_value(board, metric, bytes);
    }
}

/// Prints one JSON object on a line.
pub fn line(board: &dyn Board, fields: fmt::Arguments<'_>) {
    // Nothing can fail: a board takes what it is sent.
    let _ = writeln!(Serial(board), "{{{fields}}}");
}

/// A board's serial line for formatted text.
pub struct Serial<'b>(pub &'b dyn Board);

impl Write for Serial<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.send(text.as_bytes());
        Ok(())
    }
}
