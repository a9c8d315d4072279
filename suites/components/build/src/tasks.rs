//! The tasks of the command line, each a table of contents of what it does. It must not know how
//! any of it is done.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::component::Component;
use crate::composition;
use crate::guests::{self, Compilation};
use crate::large as large_components;
use crate::places::Places;
use crate::record::{self, Identity, Sums};
use crate::toolchain::{self, Otherwise};
use crate::wit as wit_texts;

/// How a task ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Differs,
}

/// Rebuilds `prebuilt/`.
pub(crate) fn build(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    let recorded = Identity::read(places)?;
    let prebuilt = places.prebuilt();
    fs::create_dir_all(&prebuilt).with_context(|| format!("creating {}", prebuilt.display()))?;
    let before = record::component_sums(places)?;
    // Before compiling: what is edited meanwhile then shows as a difference, not as built.
    let sources = record::source_sums(places)?;
    let (identity, components) = compile(places, recorded.as_ref(), Otherwise::Substitute)?;
    for (name, component) in &components {
        replace(&prebuilt, name, &component.bytes)?;
    }
    let sums = sums_of(&components);
    for name in before.keys().filter(|name| !sums.contains_key(*name)) {
        let path = prebuilt.join(name);
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    }
    replace(&prebuilt, record::SUMS, record::format_sums(&sums).as_bytes())?;
    replace(&prebuilt, record::SOURCES, record::format_sums(&sources).as_bytes())?;
    replace(&prebuilt, record::TOOLCHAIN, identity.file().as_bytes())?;

    let changed = record::differences(&before, &sums);
    for change in &changed {
        println!("changed: {change}");
    }
    println!("built: {} components, {} changed", sums.len(), changed.len());
    Ok(Outcome::Done)
}

/// Rebuilds elsewhere and compares; what is committed stays as it is.
pub(crate) fn check(places: &Places) -> Result<Outcome> {
    if verify(places)? == Outcome::Differs {
        return Ok(Outcome::Differs);
    }
    let _lock = lock(places)?;
    let recorded = Identity::read(places)?
        .context("reading prebuilt/TOOLCHAIN: it is missing; run `componentize build`")?;
    let (_, components) = compile(places, Some(&recorded), Otherwise::Refuse)?;
    let committed = record::read_sums(&places.prebuilt().join(record::SUMS))?;
    let differences = record::differences(&committed, &sums_of(&components));
    if differences.is_empty() {
        println!("identical: {} components", components.len());
        return Ok(Outcome::Done);
    }
    for (name, component) in &components {
        replace(&places.rebuilt(), name, &component.bytes)?;
    }
    for difference in differences {
        println!("differs: {difference}");
    }
    println!(
        "to do: compare with {}, or run `componentize build` and commit prebuilt/",
        places.rebuilt().display()
    );
    Ok(Outcome::Differs)
}

/// Compares files and their records, without building.
pub(crate) fn verify(places: &Places) -> Result<Outcome> {
    let prebuilt = places.prebuilt();
    let sums = record::read_sums(&prebuilt.join(record::SUMS))?;
    let mut differences = record::differences(&sums, &record::component_sums(places)?);
    let sources = record::read_sums(&prebuilt.join(record::SOURCES))?;
    differences.extend(record::differences(&sources, &record::source_sums(places)?));
    let is_small_same = differences.is_empty();
    let recipes = record::read_sums(&places.recipes().join(record::SOURCES))?;
    differences.extend(record::differences(&recipes, &large_components::source_sums(places)?));
    if differences.is_empty() {
        println!(
            "verified: {} components match their sums, {} sources theirs",
            sums.len(),
            sources.len() + recipes.len()
        );
        return Ok(Outcome::Done);
    }
    for difference in differences {
        println!("differs: {difference}");
    }
    let task = if is_small_same { "record-large" } else { "build" };
    println!(
        "to do: run `componentize {task}` and commit what it wrote, or restore the files named"
    );
    Ok(Outcome::Differs)
}

/// Puts the large components into the cache, if they are not there, and compares their sums.
pub(crate) fn large(places: &Places) -> Result<Outcome> {
    let recipes = places.recipes();
    let recorded = record::read_sums(&recipes.join(record::SOURCES))?;
    let differences = record::differences(&recorded, &large_components::source_sums(places)?);
    if !differences.is_empty() {
        differences.iter().for_each(|difference| println!("differs: {difference}"));
        println!("to do: run `componentize record-large` and commit large/, or restore the files");
        return Ok(Outcome::Differs);
    }
    let _lock = lock(places)?;
    let sums = record::read_sums(&recipes.join(record::SUMS))?;
    let mut outcome = Outcome::Done;
    for (file, wanted) in &sums {
        let name = file.trim_end_matches(".wasm");
        let path = large_components::file(places, name);
        if fs::read(&path).is_ok_and(|bytes| record::sha256_hex(&bytes) == *wanted) {
            println!("{file}: present, {}", path.display());
            continue;
        }
        wit_texts::copy(places)?;
        let bytes = large_components::build(places, name)?;
        let found = record::sha256_hex(&bytes);
        println!("{file}: {} bytes, sha256 {found}", bytes.len());
        if found == *wanted {
            replace(&places.large, file, &bytes)?;
            println!("{file}: as recorded, {}", path.display());
        } else {
            replace(&places.rebuilt(), file, &bytes)?;
            println!("differs: {file}: recorded {wanted}, found {found}");
            println!("to do: compare {} with one built elsewhere", places.rebuilt().display());
            outcome = Outcome::Differs;
        }
    }
    Ok(outcome)
}

/// Rebuilds the large components and records what came out.
pub(crate) fn record_large(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    wit_texts::copy(places)?;
    // Before building: what is edited meanwhile then shows as a difference, not as built.
    let sources = large_components::source_sums(places)?;
    let mut sums = Sums::new();
    for name in large_components::names(places)? {
        let bytes = large_components::build(places, &name)?;
        let (file, found) = (format!("{name}.wasm"), record::sha256_hex(&bytes));
        replace(&places.large, &file, &bytes)?;
        println!("{file}: {} bytes, sha256 {found}", bytes.len());
        sums.insert(file, found);
    }
    let recipes = places.recipes();
    replace(&recipes, record::SUMS, record::format_sums(&sums).as_bytes())?;
    replace(&recipes, record::SOURCES, record::format_sums(&sources).as_bytes())?;
    Ok(Outcome::Done)
}

/// Copies the WIT texts only.
pub(crate) fn wit(places: &Places) -> Result<Outcome> {
    wit_texts::copy(places)?;
    Ok(Outcome::Done)
}

/// Compiles every guest and composes what is made of them; the first of each pair is the name of
/// the component's file.
fn compile(
    places: &Places,
    recorded: Option<&Identity>,
    otherwise: Otherwise,
) -> Result<(Identity, Vec<(String, Component)>)> {
    let toolchain = toolchain::select(places, recorded, otherwise)?;
    wit_texts::copy(places)?;
    let compilation = Compilation::new(places, &toolchain)?;
    let mut components = Vec::new();
    for guest in guests::names(places)? {
        let module = compilation.run(&guest)?;
        let component = Component::from_core_module(&module)
            .with_context(|| format!("making a component of {guest}"))?;
        for folder in compilation.private_folders() {
            if component.contains(folder.as_os_str().as_encoded_bytes()) {
                bail!(
                    "{guest} names a folder of this machine, {}: its bytes would differ on \
                     another; remap it in build/src/guests.rs",
                    folder.display()
                );
            }
        }
        describe(&guest, &component);
        components.push((guest, component));
    }
    for name in composition::names(places)? {
        let component = composition::compose(places, &name, &components)?;
        describe(&name, &component);
        components.push((name, component));
    }
    let files = components.into_iter().map(|(name, it)| (format!("{name}.wasm"), it)).collect();
    Ok((toolchain.identity, files))
}

fn describe(name: &str, component: &Component) {
    let sum = record::sha256_hex(&component.bytes);
    println!("{name}.wasm: {} bytes, sha256 {sum}", component.bytes.len());
    println!("  imports {}", component.imports.join(", "));
    println!("  exports {}", component.exports.join(", "));
}

fn sums_of(components: &[(String, Component)]) -> Sums {
    components.iter().map(|(name, it)| (name.clone(), record::sha256_hex(&it.bytes))).collect()
}

/// Writes a file so that a reader sees the old one or the new one, never half of it.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let (partial, path) = (folder.join(format!(".{name}.partial")), folder.join(name));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&partial, bytes))
        .and_then(|()| fs::rename(&partial, &path))
        .with_context(|| format!("writing {}", path.display()))
}

/// One run at a time on a machine: they share the unpacked compiler and cargo's target folders.
pub(crate) fn lock(places: &Places) -> Result<File> {
    let path = places.cache.join("lock");
    let open = || {
        fs::create_dir_all(&places.cache)?;
        let file = File::create(&path)?;
        if file.try_lock().is_err() {
            println!("waiting for another run to release {}", path.display());
            file.lock()?;
        }
        Ok::<_, std::io::Error>(file)
    };
    open().with_context(|| format!("locking {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout with one guest, as `build` leaves it.
    fn checkout(root: &Path) -> Result<Places> {
        let places = Places {
            components: root.join("components"),
            cache: root.join("cache"),
            large: root.join("large"),
        };
        for name in [
            "Cargo.lock",
            "Cargo.toml",
            "build/Cargo.toml",
            "build/debian-packages",
            "guest/Cargo.toml",
            "guest/src/lib.rs",
            "large/big/package.json",
            "prebuilt/guest.wasm",
            "rust-toolchain.toml",
            "shared/parts/src/lib.rs",
        ] {
            write(&places, name, name)?;
        }
        let sums = record::format_sums(&record::component_sums(&places)?);
        write(&places, "prebuilt/SHA256SUMS", &sums)?;
        let sources = record::format_sums(&record::source_sums(&places)?);
        write(&places, "prebuilt/SOURCES", &sources)?;
        let recipes = record::format_sums(&large_components::source_sums(&places)?);
        write(&places, "large/SOURCES", &recipes)?;
        Ok(places)
    }

    fn write(places: &Places, name: &str, text: &str) -> Result<()> {
        let path = places.components.join(name);
        fs::create_dir_all(path.parent().context("a path with a folder")?)?;
        Ok(fs::write(path, text)?)
    }

    #[test]
    fn a_large_component_is_taken_from_the_cache_only_with_its_sum_and_recipe() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let places = checkout(folder.path())?;
        let sum = record::sha256_hex(b"right");
        write(&places, "large/SHA256SUMS", &format!("{sum}  big.wasm\n"))?;
        replace(&places.large, "big.wasm", b"right")?;
        assert_eq!(large(&places)?, Outcome::Done);
        write(&places, "large/big/package.json", "edited")?;
        assert_eq!(large(&places)?, Outcome::Differs);
        Ok(())
    }

    #[test]
    fn verify_notices_whatever_could_change_the_bytes() -> Result<()> {
        for (written, outcome) in [
            ("README.md", Outcome::Done),
            ("build/src/main.rs", Outcome::Done),
            ("guest/src/.lib.rs.swp", Outcome::Done),
            ("wit/p2/world.wit", Outcome::Done),
            ("Cargo.lock", Outcome::Differs),
            ("build/debian-packages", Outcome::Differs),
            ("composed/PARTS", Outcome::Differs),
            ("guest/src/lib.rs", Outcome::Differs),
            ("guest/src/more.rs", Outcome::Differs),
            ("large/SHA256SUMS", Outcome::Done),
            ("large/big/build.mjs", Outcome::Differs),
            ("large/big/package.json", Outcome::Differs),
            ("second/Cargo.toml", Outcome::Differs),
            ("shared/parts/src/lib.rs", Outcome::Differs),
            ("prebuilt/guest.wasm", Outcome::Differs),
            ("prebuilt/stray.wasm", Outcome::Differs),
        ] {
            let folder = tempfile::tempdir()?;
            let places = checkout(folder.path())?;
            assert_eq!(verify(&places)?, Outcome::Done, "before {written}");
            write(&places, written, "edited")?;
            assert_eq!(verify(&places)?, outcome, "after {written}");
        }
        Ok(())
    }
}
