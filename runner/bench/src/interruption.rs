//! Being asked to end, by Ctrl-C or SIGTERM.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Becomes true when somebody asks; a second signal ends the process at once.
///
/// # Errors
/// When a handler cannot be installed.
pub(crate) fn flag() -> io::Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&asked))?;
        signal_hook::flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(asked)
}
