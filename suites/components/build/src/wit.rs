//! Copies the WIT texts out of the crates that cargo has locked and checked into `wit/`: what WASI
//! 0.2 and 0.3 say about http and all it rests on (cli, clocks, filesystem, ...), and wasi:config. It
//! must not change them, and nothing of `wit/` is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cargo;
use crate::listing;
use crate::places::Places;

/// Folder in `wit/`, the crate, folder in the crate.
const COPIES: [(&str, &str, &str); 5] = [
    ("p2", "wasmtime-wasi-http", "wit"),
    ("p3", "wasmtime-wasi-http", "src/p3/wit"),
    // It names no package of 0.2 or 0.3, so guests of both can import it.
    ("config", "wasmtime-wasi-config", "wit"),
    ("keyvalue", "wasmtime-wasi-keyvalue", "wit"),
    // No WIT: the module that Go's bindings rest on.
    ("go", "wit-bindgen-go", "src/pkg"),
];

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Brings `wit/` in step with the locked crates.
pub(crate) fn copy(places: &Places) -> Result<()> {
    let metadata = cargo::metadata(&places.builder_manifest(), &places.components)?;
    for (to, name, from) in COPIES {
        let found = metadata.packages.iter().find(|package| package.name.as_str() == name);
        let package = found.with_context(|| {
            format!(
                "finding {name} in build/Cargo.lock: restore it in build/Cargo.toml, under \
                 [target.'cfg(any())'.dependencies]"
            )
        })?;
        let source = package
            .manifest_path
            .parent()
            .with_context(|| format!("finding the folder of {}", package.manifest_path))?;
        mirror(source.join(from).as_std_path(), &places.wit().join(to))?;
        println!("wit: {name} {} -> wit/{to}", package.version);
    }
    Ok(())
}

/// Makes `to` equal to `from`, and leaves it alone if it is: a newer file would make cargo compile
/// every guest again.
fn mirror(from: &Path, to: &Path) -> Result<()> {
    let wanted = read_tree(from).with_context(|| format!("reading WIT from {}", from.display()))?;
    if to.is_dir() {
        if read_tree(to).is_ok_and(|present| present == wanted) {
            return Ok(());
        }
        fs::remove_dir_all(to).with_context(|| format!("removing outdated {}", to.display()))?;
    }
    for (name, text) in wanted {
        let path = to.join(name);
        let folder = path.parent().unwrap_or(to);
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn read_tree(root: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    for path in listing::files_below(root)? {
        let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        tree.insert(path.strip_prefix(root)?.to_owned(), text);
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_replaces_what_is_outdated_and_leaves_alone_what_is_not() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("deps"))?;
        fs::write(from.join("deps/io.wit"), "new")?;
        fs::create_dir_all(&to)?;
        fs::write(to.join("gone.wit"), "old")?;

        mirror(&from, &to)?;
        assert_eq!(read_tree(&to)?, read_tree(&from)?);

        let written = fs::metadata(to.join("deps/io.wit"))?.modified()?;
        mirror(&from, &to)?;
        assert_eq!(fs::metadata(to.join("deps/io.wit"))?.modified()?, written);
        Ok(())
    }
}
