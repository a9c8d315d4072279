//! What the user sees while waiting: a bar with the time left on a terminal,
//! plain lines elsewhere. It must not print results.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Progress of something with a known or unknown number of steps.
pub(crate) struct Progress {
    bar: ProgressBar,
    on_terminal: bool,
    last_line_at: Option<Instant>,
}

/// Lines elsewhere than on a terminal come no more often than this.
const LINE_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Starts; `steps` when they can be counted.
    pub(crate) fn start(what: &str, steps: Option<u64>) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = match steps {
            Some(steps) => ProgressBar::new(steps),
            None => ProgressBar::new_spinner(),
        };
        bar.set_style(style(steps.is_some()));
        bar.set_prefix(what.to_owned());
        if on_terminal {
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            eprintln!("{what} ...");
        }
        Self { bar, on_terminal, last_line_at: Some(Instant::now()) }
    }

    /// Says how many steps are done and what comes next.
    pub(crate) fn at(&mut self, done: u64, of: Option<u64>, next: &str) {
        if let Some(of) = of
            && self.bar.length() != Some(of)
        {
            self.bar.set_style(style(true));
            self.bar.set_length(of);
        }
        self.bar.set_position(done);
        self.bar.set_message(next.to_owned());
        let due = self.last_line_at.is_none_or(|at| at.elapsed() >= LINE_EVERY);
        if !self.on_terminal && due {
            let of = of.map(|of| format!("/{of}")).unwrap_or_default();
            eprintln!("  {done}{of} {next}");
            self.last_line_at = Some(Instant::now());
        }
    }

    /// A line that stays, above the bar.
    pub(crate) fn line(&self, text: &str) {
        self.bar.suspend(|| anstream::eprintln!("{text}"));
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}

fn style(counted: bool) -> ProgressStyle {
    let template = if counted {
        "{prefix} {bar:30} {pos}/{len}, {eta} left, {wide_msg}"
    } else {
        "{prefix} {spinner} {elapsed} {wide_msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
