//! A key-value store in HTTP requests, from both sides: a key is a path below `/values`, what is asked
//! is the method. It must not know what carries the requests.

mod remote;
mod server;

pub use remote::{Ask, Remote};
pub use server::answer;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// What of a key needs no encoding in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests;
