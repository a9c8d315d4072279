//! The records beside the components: SHA256SUMS (what they are), SOURCES (what they were built
//! from) and, for those that are committed, TOOLCHAIN (with what). It must not build anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::composition;
use crate::guests;
use crate::listing;
use crate::places::Places;
use crate::recipes;

pub(crate) const SUMS: &str = "SHA256SUMS";
pub(crate) const SOURCES: &str = "SOURCES";
pub(crate) const TOOLCHAIN: &str = "TOOLCHAIN";

/// Beside the guests' own folders, what decides their bytes; `shared` has the crates that several
/// of them use. The builder's code is not here: editing a comment in it would ask everybody for a
/// rebuild. `check` notices when it changes the bytes.
const SHARED_SOURCES: [&str; 6] = [
    "Cargo.lock",
    "Cargo.toml",
    "build/Cargo.toml",
    "build/debian-packages",
    "rust-toolchain.toml",
    "shared",
];

/// Name to SHA-256, in hexadecimal.
pub(crate) type Sums = BTreeMap<String, String>;

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As `sha256sum` prints them, and `sha256sum -c` reads them.
pub(crate) fn format_sums(sums: &Sums) -> String {
    sums.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect()
}

/// The sums in a file that is one of ours.
pub(crate) fn read_sums(path: &Path) -> Result<Sums> {
    let text = fs::read_to_string(path).with_context(|| {
        format!(
            "reading {}: if it has never been written, run `componentize build`",
            path.display()
        )
    })?;
    let parse = |(index, line): (usize, &str)| {
        let (hash, name) = line.split_once("  ").with_context(|| {
            format!("{}:{}: expected `HASH  NAME`, got {line:?}", path.display(), index + 1)
        })?;
        Ok((name.to_owned(), hash.to_owned()))
    };
    text.lines().enumerate().map(parse).collect()
}

/// Each name that has not the same value on both sides, said in one line with both of them.
pub(crate) fn differences(recorded: &Sums, found: &Sums) -> Vec<String> {
    let value = |of: &Sums, name| of.get(name).map_or("nothing", |it| it).to_owned();
    let names: BTreeSet<&String> = recorded.keys().chain(found.keys()).collect();
    names
        .into_iter()
        .filter(|name| recorded.get(*name) != found.get(*name))
        .map(|name| {
            format!("{name}: recorded {}, found {}", value(recorded, name), value(found, name))
        })
        .collect()
}

/// The sums of the components in `prebuilt/`.
pub(crate) fn component_sums(places: &Places) -> Result<Sums> {
    let prebuilt = places.prebuilt();
    let mut sums = Sums::new();
    for path in listing::entries(&prebuilt)? {
        if path.extension().is_some_and(|it| it == "wasm") {
            add(&mut sums, &prebuilt, &path)?;
        }
    }
    Ok(sums)
}

/// The sums of everything that the components are built from, but for those of recipes.
pub(crate) fn source_sums(places: &Places) -> Result<Sums> {
    let root = &places.components;
    let folders = [guests::names(places)?, composition::names(places)?].concat();
    let mut sums = Sums::new();
    for name in SHARED_SOURCES.into_iter().chain(folders.iter().map(String::as_str)) {
        add_below(&mut sums, root, name)?;
    }
    Ok(sums)
}

/// Divides sums of components or sources into those that the Rust compiler has to do with, and those of
/// the recipes in `small/`.
pub(crate) fn divide(places: &Places, sums: Sums) -> Result<(Sums, Sums)> {
    let recipes = recipes::names(&places.small_recipes())?;
    let is_made = |name: &str| {
        let made = name.strip_suffix(".wasm");
        name.starts_with("small/") || made.is_some_and(|it| recipes.iter().any(|r| r == it))
    };
    Ok(sums.into_iter().partition(|(name, _)| !is_made(name)))
}

/// Adds a file, or every file in a folder, by their names below `root`.
pub(crate) fn add_below(sums: &mut Sums, root: &Path, name: &str) -> Result<()> {
    for path in listing::files_below(&root.join(name))? {
        add(sums, root, &path)?;
    }
    Ok(())
}

fn add(sums: &mut Sums, root: &Path, path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    sums.insert(name, sha256_hex(&bytes));
    Ok(())
}

/// What a toolchain is known by: the same identity gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity(BTreeMap<String, String>);

impl Identity {
    pub(crate) fn new<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self(fields.into_iter().map(owned).collect())
    }

    /// The recorded one; none if nothing has been built yet.
    pub(crate) fn read(places: &Places) -> Result<Option<Self>> {
        let path = places.prebuilt().join(TOOLCHAIN);
        if !path.exists() {
            return Ok(None);
        }
        let text =
            fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Ok(Some(Self::parse(&text)))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self::new(lines.filter_map(|line| line.split_once(": ")))
    }

    pub(crate) fn file(&self) -> String {
        format!(
            "# What built the components beside this file; written by `componentize build`.\n{}",
            self.lines("")
        )
    }

    pub(crate) fn indented(&self) -> String {
        self.lines("  ").trim_end().to_owned()
    }

    fn lines(&self, indent: &str) -> String {
        self.0.iter().map(|(name, value)| format!("{indent}{name}: {value}\n")).collect()
    }

    /// Each field in which `here` is not this one, said in one line.
    pub(crate) fn differences(&self, here: &Self) -> Vec<String> {
        differences(&self.0, &here.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(entries: &[(&str, &str)]) -> Sums {
        entries.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect()
    }

    #[test]
    fn differences_name_the_file_and_both_hashes() {
        let recorded = sums(&[("same", "1"), ("changed", "2"), ("gone", "3")]);
        let found = sums(&[("same", "1"), ("changed", "4"), ("new", "5")]);
        assert_eq!(
            differences(&recorded, &found),
            [
                "changed: recorded 2, found 4",
                "gone: recorded 3, found nothing",
                "new: recorded nothing, found 5",
            ]
        );
    }

    #[test]
    fn what_recipes_make_is_divided_from_what_the_compiler_makes() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let components = folder.path().join("components");
        let places = Places {
            cache: folder.path().join("cache"),
            large: folder.path().join("large"),
            components,
        };
        fs::create_dir_all(places.small_recipes().join("tiny"))?;
        fs::write(places.small_recipes().join("tiny/build.py"), "")?;
        let all = ["guest.wasm", "small/tiny/build.py", "tiny.wasm", "tiny/src/lib.rs"];
        let (compiled, made) = divide(&places, sums(&all.map(|name| (name, "1"))))?;
        assert_eq!(compiled, sums(&[("guest.wasm", "1"), ("tiny/src/lib.rs", "1")]));
        assert_eq!(made, sums(&[("small/tiny/build.py", "1"), ("tiny.wasm", "1")]));
        Ok(())
    }

    #[test]
    fn sums_survive_their_file() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(SUMS);
        let written = sums(&[("a.wasm", &sha256_hex(b"a")), ("b c.wasm", &sha256_hex(b""))]);
        fs::write(&path, format_sums(&written))?;
        assert_eq!(read_sums(&path)?, written);
        Ok(())
    }

    #[test]
    fn a_line_that_is_no_sum_is_named() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(SUMS);
        fs::write(&path, "00  a\nnonsense\n")?;
        let error = read_sums(&path).map_err(|error| error.to_string()).err();
        let expected = format!("{}:2: expected `HASH  NAME`, got \"nonsense\"", path.display());
        assert_eq!(error, Some(expected));
        Ok(())
    }

    #[test]
    fn an_identity_survives_its_file_and_says_how_it_differs() {
        let recorded = Identity::new([("rustc", "rustc 1.96.0 (a: b)"), ("llvm", "22.1.8")]);
        assert_eq!(Identity::parse(&recorded.file()), recorded);
        let here = Identity::new([("rustc", "rustc 1.96.0 (a: b)"), ("std", "precompiled")]);
        assert_eq!(
            recorded.differences(&here),
            ["llvm: recorded 22.1.8, found nothing", "std: recorded nothing, found precompiled"]
        );
    }
}
