//! Which compiler builds the guests, and under what name it is recorded. It must not build anything
//! with it.
//!
//! Two can: rustup's own, where its `wasm32-unknown-unknown` target is installed, and Debian's
//! rustc with the library sources, where it is not. The bytes of a component depend on the
//! compiler, so the one that made the committed bytes is recorded, and preferred.

mod debian;
mod rustup;

use std::path::PathBuf;

use anyhow::Result;
pub(crate) use compilers::Unavailable;

use crate::places::Places;
use crate::record::Identity;
use rustup::Rustup;

/// What the guests are compiled for. Not a WASI target: those import WASI interfaces that a guest
/// never asked for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can build the guests.
pub(crate) struct Toolchain {
    /// For people.
    pub(crate) name: String,
    pub(crate) identity: Identity,
    /// Instead of rustup's.
    pub(crate) rustc: Option<PathBuf>,
    pub(crate) linker: PathBuf,
    /// The folder above `library/`, where the sources of std may be named from.
    pub(crate) std_sources: PathBuf,
    /// Whether std has to be compiled from them, because there is none for the target.
    pub(crate) builds_std: bool,
}

/// What to do when the recorded toolchain is not to be had.
#[derive(Clone, Copy)]
pub(crate) enum Otherwise {
    /// Take another one: the bytes and the record change.
    Substitute,
    /// Give up with [`Unavailable`].
    Refuse,
}

/// Takes the recorded toolchain, installing it in the cache if need be, and says so aloud.
pub(crate) fn select(
    places: &Places,
    recorded: Option<&Identity>,
    otherwise: Otherwise,
) -> Result<Toolchain> {
    let toolchain = nearest(places, recorded)?;
    println!("toolchain: {}\n{}", toolchain.name, toolchain.identity.indented());
    let differences = recorded.map_or_else(Vec::new, |it| it.differences(&toolchain.identity));
    if differences.is_empty() {
        return Ok(toolchain);
    }
    let differences = differences.join("\n  ");
    match otherwise {
        Otherwise::Substitute => {
            println!(
                "toolchain: NOT the recorded one, so other bytes are to be expected:\n  \
                 {differences}"
            );
            Ok(toolchain)
        }
        Otherwise::Refuse => Err(Unavailable::error(
            format!(
                "the toolchain in prebuilt/TOOLCHAIN is not the one found here:\n  {differences}"
            ),
            "check on a machine that has the recorded one, or run `componentize build` and commit \
             the new bytes with their TOOLCHAIN",
        )),
    }
}

/// The recorded toolchain if it is to be had; else rustup's if it has the target; else Debian's.
fn nearest(places: &Places, recorded: Option<&Identity>) -> Result<Toolchain> {
    let rustup = Rustup::find(places)?;
    let own = rustup.toolchain();
    let lacking = match own {
        Some(own) if recorded.is_none_or(|wanted| *wanted == own.identity) => return Ok(own),
        Some(_) => "is not the recorded compiler",
        None => "has no wasm32-unknown-unknown target",
    };
    println!("toolchain: rustup's {} {lacking}: taking Debian's rustc-web", rustup.cargo());
    match (debian::provide(places, &rustup), rustup.toolchain()) {
        (Err(error), Some(own)) if error.is::<Unavailable>() => {
            println!("toolchain: {error}");
            Ok(own)
        }
        (debian, _) => debian,
    }
}
