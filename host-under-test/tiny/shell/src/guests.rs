//! The guests: texts, what they are as WebAssembly, and the sums of that. What
//! is compiled in is committed, so that everybody runs the same bytes; a test
//! makes it anew from the texts.

use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use wasmtime::Result;
use wasmtime::error::Context;

/// A guest.
pub(crate) struct Source {
    /// Its file's name, without an ending.
    pub(crate) name: &'static str,
    /// As WebAssembly.
    pub(crate) wasm: &'static [u8],
    /// Whether it is a module and no component.
    pub(crate) is_module: bool,
    /// Whether it needs concurrency support.
    pub(crate) is_async: bool,
}

macro_rules! source {
    ($name:literal, $is_module:literal, $is_async:literal) => {
        Source {
            name: $name,
            wasm: include_bytes!(concat!("../../guests/prebuilt/", $name, ".wasm")),
            is_module: $is_module,
            is_async: $is_async,
        }
    };
}

/// All of them.
pub(crate) const SOURCES: [Source; 6] = [
    source!("handler", false, false),
    source!("probe", false, false),
    source!("probe-async", false, true),
    source!("probe-core", true, false),
    source!("rogue", false, false),
    source!("sensor", false, false),
];

/// The guest of that name.
pub(crate) fn named(name: &str) -> Result<&'static Source> {
    SOURCES.iter().find(|source| source.name == name).context("an unknown guest")
}

/// Makes `prebuilt/` and its sums out of the texts in `folder`.
pub(crate) fn rebuild(folder: &Path) -> Result<()> {
    let prebuilt = folder.join("prebuilt");
    fs::create_dir_all(&prebuilt).with_context(|| format!("creating {}", prebuilt.display()))?;
    let mut sums = String::new();
    for (name, wasm) in translate(folder)? {
        let file = prebuilt.join(&name);
        sums += &sum_line(&name, &wasm);
        println!("{name}: {} bytes", wasm.len());
        fs::write(&file, wasm).with_context(|| format!("writing {}", file.display()))?;
    }
    let file = prebuilt.join("SHA256SUMS");
    fs::write(&file, sums).with_context(|| format!("writing {}", file.display()))
}

/// Every text in a folder as WebAssembly, by the name of its file.
fn translate(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let listing = || format!("listing {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(listing)? {
        files.push(entry.with_context(listing)?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "wat"));
    files.sort();
    let translate = |file: &std::path::PathBuf| {
        let text = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        // Without a path in it: errors name the file here, and nothing in the bytes does.
        let wasm = wat::parse_bytes(&text)
            .with_context(|| format!("translating {}", file.display()))?
            .into_owned();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        Ok((format!("{stem}.wasm"), wasm))
    };
    files.iter().map(translate).collect()
}

fn sum_line(name: &str, bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits}  {name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn what_is_committed_is_what_the_texts_give() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../guests");
        let committed = fs::read_to_string(folder.join("prebuilt/SHA256SUMS")).unwrap();
        let made = translate(&folder).unwrap();
        let sums: String = made.iter().map(|(name, wasm)| sum_line(name, wasm)).collect();
        assert_eq!(committed, sums, "run `tiny guests` and commit guests/prebuilt");
        for (name, wasm) in &made {
            let source = named(name.trim_end_matches(".wasm")).unwrap();
            assert_eq!(source.wasm, wasm, "{name}");
        }
        assert_eq!(made.len(), SOURCES.len());
    }
}
