//! The tasks of the command line that are about recipes, each a table of contents of what it does. It
//! must not know how any of it is done.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::component::Component;
use crate::places::Places;
use crate::recipes;
use crate::record::{self, Sums};
use crate::tasks::{Outcome, describe, lock, replace};
use crate::wit;

/// Puts the large components into the cache, if they are not there, and compares their sums.
pub(crate) fn large(places: &Places) -> Result<Outcome> {
    let folder = places.large_recipes();
    let recorded = record::read_sums(&folder.join(record::SOURCES))?;
    let differences = record::differences(&recorded, &recipes::source_sums(&folder, &folder)?);
    if !differences.is_empty() {
        differences.iter().for_each(|difference| println!("differs: {difference}"));
        println!("to do: run `componentize record-large` and commit large/, or restore the files");
        return Ok(Outcome::Differs);
    }
    let _lock = lock(places)?;
    let sums = record::read_sums(&folder.join(record::SUMS))?;
    let mut outcome = Outcome::Done;
    for (file, wanted) in &sums {
        let name = file.trim_end_matches(".wasm");
        let path = recipes::file(places, name);
        if fs::read(&path).is_ok_and(|bytes| record::sha256_hex(&bytes) == *wanted) {
            println!("{file}: present, {}", path.display());
            continue;
        }
        wit::copy(places)?;
        let component = recipes::build(places, &folder.join(name))?;
        describe(name, &component);
        if is_recorded(places, file, wanted, &component)? {
            replace(&places.large, file, &component.bytes)?;
            println!("{file}: as recorded, {}", path.display());
        } else {
            outcome = Outcome::Differs;
        }
    }
    Ok(outcome)
}

/// Rebuilds the large components and records what came out.
pub(crate) fn record_large(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    let folder = places.large_recipes();
    // Before building: what is edited meanwhile then shows as a difference, not as built.
    let sources = recipes::source_sums(&folder, &folder)?;
    let sums = build_all(places, &folder, &places.large)?;
    replace(&folder, record::SUMS, record::format_sums(&sums).as_bytes())?;
    replace(&folder, record::SOURCES, record::format_sums(&sources).as_bytes())?;
    Ok(Outcome::Done)
}

/// Rebuilds the small components elsewhere and compares them with what is committed.
pub(crate) fn small(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    let committed = record::read_sums(&places.prebuilt().join(record::SUMS))?;
    let (_, committed) = record::divide(places, committed)?;
    let mut outcome = Outcome::Done;
    wit::copy(places)?;
    for (file, wanted) in &committed {
        let name = file.trim_end_matches(".wasm");
        let component = recipes::build(places, &places.small_recipes().join(name))?;
        describe(name, &component);
        if !is_recorded(places, file, wanted, &component)? {
            outcome = Outcome::Differs;
        }
    }
    if outcome == Outcome::Done {
        println!("identical: {} components", committed.len());
    }
    Ok(outcome)
}

/// Rebuilds the small components into `prebuilt/` and records them there.
pub(crate) fn record_small(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    let (folder, prebuilt) = (places.small_recipes(), places.prebuilt());
    let (mut sources, _) =
        record::divide(places, record::read_sums(&prebuilt.join(record::SOURCES))?)?;
    sources.extend(recipes::source_sums(&places.components, &folder)?);
    let (mut sums, _) = record::divide(places, record::read_sums(&prebuilt.join(record::SUMS))?)?;
    sums.extend(build_all(places, &folder, &prebuilt)?);
    replace(&prebuilt, record::SUMS, record::format_sums(&sums).as_bytes())?;
    replace(&prebuilt, record::SOURCES, record::format_sums(&sources).as_bytes())?;
    Ok(Outcome::Done)
}

/// Builds every recipe of a folder, puts the components where they belong, and returns their sums.
fn build_all(places: &Places, recipes: &Path, to: &Path) -> Result<Sums> {
    wit::copy(places)?;
    let mut sums = Sums::new();
    for name in recipes::names(recipes)? {
        let component = recipes::build(places, &recipes.join(&name))?;
        describe(&name, &component);
        let file = format!("{name}.wasm");
        replace(to, &file, &component.bytes)?;
        sums.insert(file, record::sha256_hex(&component.bytes));
    }
    Ok(sums)
}

/// Whether a component is the recorded one; another one is left to be compared.
fn is_recorded(places: &Places, file: &str, wanted: &str, component: &Component) -> Result<bool> {
    let found = record::sha256_hex(&component.bytes);
    if found == wanted {
        return Ok(true);
    }
    replace(&places.rebuilt(), file, &component.bytes)?;
    println!("differs: {file}: recorded {wanted}, found {found}");
    println!("to do: compare {} with one built elsewhere", places.rebuilt().display());
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    fn write(places: &Places, name: &str, text: &str) -> Result<()> {
        let path = places.components.join(name);
        fs::create_dir_all(path.parent().context("a path with a folder")?)?;
        Ok(fs::write(path, text)?)
    }

    #[test]
    fn a_large_component_is_taken_from_the_cache_only_with_its_sum_and_recipe() -> Result<()> {
        let root = tempfile::tempdir()?;
        let places = Places {
            components: root.path().join("components"),
            cache: root.path().join("cache"),
            large: root.path().join("large"),
        };
        write(&places, "large/big/build.mjs", "script")?;
        let folder = places.large_recipes();
        let sources = record::format_sums(&recipes::source_sums(&folder, &folder)?);
        write(&places, "large/SOURCES", &sources)?;
        let sum = record::sha256_hex(b"right");
        write(&places, "large/SHA256SUMS", &format!("{sum}  big.wasm\n"))?;
        replace(&places.large, "big.wasm", b"right")?;
        assert_eq!(large(&places)?, Outcome::Done);
        write(&places, "large/big/build.mjs", "edited")?;
        assert_eq!(large(&places)?, Outcome::Differs);
        Ok(())
    }
}
