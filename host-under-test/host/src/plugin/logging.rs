//! `wasi:logging`: where guests' messages go.

use super::{Caller, HostPlugin, Provided, Wanted};
use crate::error::{Error, Result};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

mod generated {
    wasmtime::component::bindgen!({ path: "wit/logging.wit", world: "wasi:logging/consumer" });
}

use generated::wasi::logging::logging;

/// How urgent a message is, by the names of `wasi:logging`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What happened.
    Info,
    /// What may go wrong.
    Warn,
    /// What went wrong.
    Error,
    /// What ends the guest.
    Critical,
}

/// Takes guests' messages.
pub trait Log: Send + Sync + 'static {
    /// One message; must not block.
    fn log(&self, caller: &Caller, level: Level, context: &str, message: &str);
}

/// Writes each message as a line to stderr.
#[derive(Debug, Clone, Copy, Default)]
pub struct StderrLog {
    /// What is less urgent is left out.
    pub least: Option<Level>,
}

impl Log for StderrLog {
    fn log(&self, caller: &Caller, level: Level, context: &str, message: &str) {
        if self.least.is_some_and(|least| level < least) {
            return;
        }
        let Caller { workload, component } = caller;
        // A guest's line breaks must not look like lines of others.
        let message = message.escape_debug();
        let level = format!("{level:?}").to_lowercase();
        eprintln!("{workload}/{component} {level} {}: {message}", context.escape_debug());
    }
}

impl Level {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" => Self::Warn,
            "error" => Self::Error,
            "critical" => Self::Critical,
            _ => return None,
        })
    }
}

/// The plugin that provides `wasi:logging` by stderr.
#[derive(Debug, Clone, Copy)]
pub struct StderrLogging;

impl HostPlugin for StderrLogging {
    fn package(&self) -> (&'static str, &'static str) {
        ("wasi", "logging")
    }

    fn backend(&self) -> Option<&str> {
        None
    }

    fn bind<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Provided>> {
        let least = wanted.interface.config.get("level").map(|name| {
            Level::named(name).ok_or_else(|| {
                Error::Input(format!(
                    "config.level of wasi:logging: `{name}` is none of trace, debug, info, warn, \
                     error and critical"
                ))
            })
        });
        let provided = least.transpose().map(|least| {
            let log: Arc<dyn Log> = Arc::new(StderrLog { least });
            Provided::Log(log)
        });
        ready(provided).boxed()
    }

    /// Nothing is kept for a workload.
    fn unbind(&self, _: &str) {}
}

/// What a guest's messages need.
pub(crate) struct LogView<'a> {
    pub(crate) log: &'a dyn Log,
    pub(crate) caller: &'a Caller,
}

struct HasLogView;

impl HasData for HasLogView {
    type Data<'a> = LogView<'a>;
}

/// Offers `logging`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> LogView<'_>,
) -> wasmtime::Result<()> {
    logging::add_to_linker::<_, HasLogView>(linker, view)
}

impl logging::Host for LogView<'_> {
    fn log(&mut self, level: logging::Level, context: String, message: String) {
        let level = match level {
            logging::Level::Trace => Level::Trace,
            logging::Level::Debug => Level::Debug,
            logging::Level::Info => Level::Info,
            logging::Level::Warn => Level::Warn,
            logging::Level::Error => Level::Error,
            logging::Level::Critical => Level::Critical,
        };
        self.log.log(self.caller, level, &context, &message);
    }
}
