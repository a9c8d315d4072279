//! Results of other tools: read into runs ([`FORMATS`], [`runs`]), and runs written as other
//! tools read them ([`export`]). Text in, values out. It must not open files, ask git, or
//! touch a database; who calls it does.

mod assemble;
pub mod export;
mod file;
mod formats;
mod session;
mod unit;
mod wire;

pub use assemble::{Commit, Given, runs};
pub use file::File;
pub use formats::{FORMATS, Format, criterion_id, criterion_samples};
pub use session::{Row, Session, Told, Value};
