//! The tasks of the command line, each a table of contents of what it does. It must not know how
//! any of it is done.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::component::Component;
use crate::composition;
use crate::guests::{self, Compilation};
use crate::places::Places;
use crate::recipes;
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
    let mut sources = record::source_sums(places)?;
    let (identity, components) = compile(places, recorded.as_ref(), Otherwise::Substitute)?;
    for (name, component) in &components {
        replace(&prebuilt, name, &component.bytes)?;
    }
    let mut sums = sums_of(&components);
    // What recipes make stays, recorded as it was.
    for (file, sums) in [(record::SUMS, &mut sums), (record::SOURCES, &mut sources)] {
        if prebuilt.join(file).exists() {
            let recorded = record::read_sums(&prebuilt.join(file))?;
            sums.extend(record::divide(places, recorded)?.1);
        }
    }
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
    let (committed, _) = record::divide(places, committed)?;
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
    let (compiled, small) = record::divide(places, sources)?;
    differences.extend(record::differences(&compiled, &record::source_sums(places)?));
    let mut task = if differences.is_empty() { None } else { Some("build") };
    let large = record::read_sums(&places.large_recipes().join(record::SOURCES))?;
    for (name, recorded, root, recipes) in [
        ("record-small", &small, &places.components, places.small_recipes()),
        ("record-large", &large, &places.large_recipes(), places.large_recipes()),
    ] {
        let found = record::differences(recorded, &recipes::source_sums(root, &recipes)?);
        if !found.is_empty() {
            task = task.or(Some(name));
        }
        differences.extend(found);
    }
    let Some(task) = task else {
        println!(
            "verified: {} components match their sums, {} sources theirs",
            sums.len(),
            compiled.len() + small.len() + large.len()
        );
        return Ok(Outcome::Done);
    };
    for difference in differences {
        println!("differs: {difference}");
    }
    println!(
        "to do: run `componentize {task}` and commit what it wrote, or restore the files named"
    );
    Ok(Outcome::Differs)
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

pub(crate) fn describe(name: &str, component: &Component) {
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
            "large/big/build.mjs",
            "prebuilt/guest.wasm",
            "prebuilt/tiny.wasm",
            "rust-toolchain.toml",
            "shared/parts/src/lib.rs",
            "small/tiny/build.py",
        ] {
            write(&places, name, name)?;
        }
        let sums = record::format_sums(&record::component_sums(&places)?);
        write(&places, "prebuilt/SHA256SUMS", &sums)?;
        let mut sources = record::source_sums(&places)?;
        sources.extend(recipes::source_sums(&places.components, &places.small_recipes())?);
        write(&places, "prebuilt/SOURCES", &record::format_sums(&sources))?;
        let (root, recipes) = (places.large_recipes(), places.large_recipes());
        let recipes = record::format_sums(&recipes::source_sums(&root, &recipes)?);
        write(&places, "large/SOURCES", &recipes)?;
        Ok(places)
    }

    fn write(places: &Places, name: &str, text: &str) -> Result<()> {
        let path = places.components.join(name);
        fs::create_dir_all(path.parent().context("a path with a folder")?)?;
        Ok(fs::write(path, text)?)
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
            ("small/tiny/build.py", Outcome::Differs),
            ("small/tiny/main.go", Outcome::Differs),
            ("prebuilt/tiny.wasm", Outcome::Differs),
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
