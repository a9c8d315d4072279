//! What valgrind's DHAT wrote: where a program allocated, how often and how much, from its
//! start to its end. (valgrind's manual, chapter 10; the format is that of its viewer.)

use crate::symbols::root;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Functions that allocate for somebody else: whoever called them is of interest.
const PLUMBING: [&str; 7] = ["alloc", "core", "hashbrown", "std", "bytes", "smallvec", NAMELESS];
/// What valgrind calls what was put into another function, if it finds no name.
const NAMELESS: &str = "UnknownInlinedFun";
const ALLOCATORS: [&str; 12] = [
    "malloc",
    "calloc",
    "realloc",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "operator",
    "__rust_alloc",
    "__rust_realloc",
    "__rust_alloc_zeroed",
    "__rdl_alloc",
    "__rustc",
];

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "dhatFileVersion")]
    version: u32,
    pps: Vec<WirePoint>,
    ftbl: Vec<String>,
}

#[derive(Deserialize)]
struct WirePoint {
    #[serde(rename = "tb")]
    bytes: u64,
    #[serde(rename = "tbk")]
    blocks: u64,
    #[serde(rename = "fs")]
    frames: Vec<usize>,
}

/// What one place allocated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Allocated {
    pub(super) blocks: u64,
    pub(super) bytes: u64,
}

/// A function on a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Frame<'t> {
    name: String,
    /// Whose code it is.
    part: &'t str,
}

/// Allocations by place, a function and, where that is not the program's own, the function
/// of the program that it served.
///
/// # Errors
/// When it is not what DHAT writes.
pub(super) fn read(text: &str, own: &str) -> Result<BTreeMap<String, Allocated>, String> {
    let wire: Wire = serde_json::from_str(text)
        .map_err(|e| format!("what DHAT wrote is not understood: {e}"))?;
    if wire.version != 2 {
        return Err(format!("DHAT wrote version {} of its format, and 2 is known", wire.version));
    }
    let table: Vec<Frame<'_>> = wire.ftbl.iter().map(|frame| Frame::of(frame, own)).collect();
    let mut places: BTreeMap<String, Allocated> = BTreeMap::new();
    for point in &wire.pps {
        let frames: Option<Vec<&Frame<'_>>> =
            point.frames.iter().map(|at| table.get(*at)).collect();
        let frames = frames.ok_or("DHAT's file names a frame that it does not have")?;
        let place = places.entry(place(&frames, own)).or_default();
        place.blocks += point.blocks;
        place.bytes += point.bytes;
    }
    Ok(places)
}

impl<'t> Frame<'t> {
    /// `0x17C673: native::churn (/src/native/src/main.rs:21)`, or `(in /cache/native)` where
    /// nothing tells lines. A function that was put into another has no more than its last
    /// word (`churn`), so its crate is read off its path.
    fn of(text: &'t str, own: &'t str) -> Self {
        let rest = text.split_once(": ").map_or(text, |(_, rest)| rest);
        let (name, place) = match rest.rsplit_once(" (") {
            Some((name, place)) => (name, place.trim_end_matches(')')),
            None => (rest, ""),
        };
        if name == NAMELESS
            || place.starts_with("in ")
            || name.split('<').next().is_some_and(|head| head.contains("::"))
            || name.starts_with('<')
        {
            return Self { name: name.to_owned(), part: root(name) };
        }
        let part =
            crate_of_path(place).unwrap_or(if place.starts_with("/src/") { own } else { "" });
        let name = if part.is_empty() { name.to_owned() } else { format!("{part}::{name}") };
        Self { name, part }
    }

    fn is_allocator(&self) -> bool {
        let word = self.name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next();
        ALLOCATORS.contains(&word.unwrap_or_default())
    }

    fn serves(&self) -> bool {
        self.is_allocator() || PLUMBING.contains(&self.part)
    }
}

/// `alloc` of `/rustc/59807616e/library/alloc/src/vec.rs:9`, `hyper` of
/// `/cargo/registry/src/index-1/hyper-1.12.0/src/rt.rs:7`.
fn crate_of_path(path: &str) -> Option<&str> {
    if let Some((_, rest)) = path.split_once("/library/") {
        return rest.split('/').next();
    }
    let (_, rest) = path.split_once("/registry/src/")?;
    let folder = rest.split('/').nth(1)?;
    folder.rsplit_once('-').map(|(name, _version)| name)
}

fn place(frames: &[&Frame<'_>], own: &str) -> String {
    let site = frames.iter().find(|frame| !frame.serves());
    let Some(site) = site.or_else(|| frames.iter().find(|frame| !frame.is_allocator())) else {
        return frames.first().map_or("?", |frame| frame.name.as_str()).to_owned();
    };
    match frames.iter().find(|frame| frame.part == own) {
        Some(caller) if caller != site => format!("{} for {}", site.name, caller.name),
        _ => site.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"dhatFileVersion":2,"mode":"heap","verb":"Allocated","pid":1,
 "pps":[
  {"tb":6400,"tbk":100,"tl":1,"fs":[1,2,3,4]},
  {"tb":320,"tbk":10,"fs":[1,5,6,4]},
  {"tb":32,"tbk":1,"fs":[1,7]},
  {"tb":5,"tbk":1,"fs":[1,8,9]},
  {"tb":8,"tbk":2,"fs":[1]}
 ],
 "ftbl":["[root]",
  "0x48417B4: malloc (in /usr/libexec/valgrind/vgpreload_dhat-amd64-linux.so)",
  "0x17C673: with_capacity_in<alloc::alloc::Global> (/rustc/59807616e/library/alloc/src/alloc.rs:190)",
  "0x17C673: churn (/src/native/src/main.rs:21)",
  "0x17C690: native::answer (in /cache/native)",
  "0x18A06F: <alloc::vec::Vec<T> as core::clone::Clone>::clone (in /cache/native)",
  "0x18A06F: http::header::map::HeaderMap<T>::try_reserve_one (in /cache/native)",
  "0x27446F: std::env::args_os (in /cache/native)",
  "0x3: UnknownInlinedFun (/cargo/registry/src/index-1/hyper-1.12.0/src/rt.rs:7)",
  "0x4: poll (/cargo/registry/src/index-1/hyper-util-0.1.21/src/rt.rs:7)"]}"#;

    #[test]
    fn whoever_asked_for_memory_is_named() {
        let places = read(TEXT, "native").unwrap();
        let told: Vec<_> =
            places.iter().map(|(name, it)| (name.as_str(), it.blocks, it.bytes)).collect();
        let expected = [
            ("http::header::map::HeaderMap<T>::try_reserve_one for native::answer", 10, 320),
            ("hyper-util::poll", 1, 5),
            ("malloc", 2, 8),
            ("native::churn", 100, 6400),
            ("std::env::args_os", 1, 32),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn another_format_is_refused() {
        for text in [
            "",
            "{}",
            &TEXT.replace("\"dhatFileVersion\":2", "\"dhatFileVersion\":3"),
            &TEXT.replace("[1,7]", "[1,70]"),
        ] {
            assert!(read(text, "native").is_err(), "{text}");
        }
    }
}
