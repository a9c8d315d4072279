//! The components that the guests' Rust compiler does not make: those in other languages, with the
//! tools that these bring. It must not change the checkout.
//!
//! A recipe is a folder with a script, which is called with WIT and OUTPUT: `build.mjs` for Node.js,
//! after npm has installed what `package-lock.json` says, or `build.py` for Python, in an environment
//! of its own with what `requirements.txt` says. WIT is the folder with the texts of wasi:http 0.2, or of
//! 0.3 if the name ends in `-p3`; at OUTPUT it leaves a component or, beside a `world.wit`
//! (`bindings.rs`), a core module.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bindings::World;
use crate::component::Component;
use crate::listing;
use crate::places::Places;
use crate::record::{self, Sums};
use crate::toolchain::Unavailable;
use compilers::process;

const NODE: &str = "build.mjs";
const PYTHON: &str = "build.py";

/// The names of the recipes in a folder, which are those of the components without `.wasm`.
pub(crate) fn names(recipes: &Path) -> Result<Vec<String>> {
    if !recipes.is_dir() {
        return Ok(Vec::new());
    }
    let folders = listing::entries(recipes)?;
    let made = folders.iter().filter(|it| it.join(NODE).is_file() || it.join(PYTHON).is_file());
    Ok(made.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())).collect())
}

/// The sums of everything that the recipes in a folder are made of, by the names below `root`.
pub(crate) fn source_sums(root: &Path, recipes: &Path) -> Result<Sums> {
    let mut sums = Sums::new();
    for name in names(recipes)? {
        let folder = recipes.join(name);
        let below = folder.strip_prefix(root).unwrap_or(&folder);
        record::add_below(&mut sums, root, &below.to_string_lossy())?;
    }
    Ok(sums)
}

/// Where a large component is found by those who measure it.
pub(crate) fn file(places: &Places, name: &str) -> PathBuf {
    places.large.join(format!("{name}.wasm"))
}

/// Builds one component in a folder that does not outlive this.
pub(crate) fn build(places: &Places, recipe: &Path) -> Result<Component> {
    let name = recipe.file_name().unwrap_or_default().to_string_lossy();
    fs::create_dir_all(&places.large)
        .with_context(|| format!("creating {}", places.large.display()))?;
    let folder = tempfile::tempdir_in(&places.large)
        .with_context(|| format!("creating a folder in {}", places.large.display()))?;
    listing::copy(recipe, folder.path())?;
    let wit = places.wit().join(if name.ends_with("-p3") { "p3" } else { "p2" });
    let world = World::of(folder.path(), &wit)?;
    if let Some(world) = &world {
        world.bind(folder.path(), &places.wit())?;
    }
    let built = folder.path().join(format!("{name}.wasm"));
    let mut script = if recipe.join(NODE).is_file() {
        node(&name, folder.path())?
    } else {
        python(&name, folder.path())?
    };
    script.arg(&wit).arg(&built).current_dir(&folder);
    process::capture(&mut script)?;
    let bytes = fs::read(&built).with_context(|| format!("reading {}", built.display()))?;
    let component = match world {
        Some(world) => world.component(bytes),
        None => Component::read(bytes),
    };
    let component = component.with_context(|| format!("making a component of {name}"))?;
    if component.contains(folder.path().as_os_str().as_encoded_bytes()) {
        bail!(
            "{name} names the folder that it was built in, {}: its bytes would differ each time",
            folder.path().display()
        );
    }
    Ok(component)
}

fn node(name: &str, folder: &Path) -> Result<Command> {
    const REMEDY: &str = "install Node.js 20 or newer with npm (Debian: apt-get install npm)";
    let (node, npm) = (version("node", REMEDY)?, version("npm", REMEDY)?);
    println!("{name}.wasm: building with node {node}, npm {npm}: takes minutes");
    let mut install = Command::new("npm");
    // No package's own script runs: none of those that are needed has one.
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    process::capture(&mut install).map_err(|error| without_registry(error, "npm"))?;
    let mut script = Command::new("node");
    script.arg(NODE);
    Ok(script)
}

fn python(name: &str, folder: &Path) -> Result<Command> {
    const REMEDY: &str = "install Python 3 (Debian: apt-get install python3-venv)";
    println!("{name}.wasm: building with {}: takes minutes", version("python3", REMEDY)?);
    let environment = folder.join("python");
    let mut create = Command::new("python3");
    process::capture(create.args(["-m", "venv"]).arg(&environment))
        .map_err(|error| Unavailable::error(format!("{error:#}"), REMEDY))?;
    let mut install = Command::new(environment.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
    // Only what is built already: nothing of it runs before its sum was compared.
    install.args(["--only-binary", ":all:", "--requirement", "requirements.txt"]);
    process::capture(install.current_dir(folder))
        .map_err(|error| without_registry(error, "pip"))?;
    let mut script = Command::new(environment.join("bin/python"));
    script.arg(PYTHON);
    Ok(script)
}

fn version(program: &str, remedy: &str) -> Result<String> {
    let printed = process::capture(Command::new(program).arg("--version"));
    let is_absent = |error: &anyhow::Error| {
        let cause = error.downcast_ref::<io::Error>();
        cause.is_some_and(|it| it.kind() == io::ErrorKind::NotFound)
    };
    match printed {
        Err(error) if is_absent(&error) => {
            Err(Unavailable::error(format!("there is no {program}"), remedy))
        }
        printed => Ok(printed?.trim().to_owned()),
    }
}

/// A registry that cannot be reached is nobody's mistake, unlike all else that can fail.
fn without_registry(error: anyhow::Error, program: &str) -> anyhow::Error {
    const UNREACHABLE: [&str; 10] = [
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ENETUNREACH",
        "ENOTFOUND",
        "ERR_SOCKET_TIMEOUT",
        "ETIMEDOUT",
        "Failed to establish a new connection",
        "NameResolutionError",
        "ReadTimeoutError",
    ];
    let complaint = format!("{error:#}");
    match UNREACHABLE.into_iter().find(|code| complaint.contains(code)) {
        Some(code) => Unavailable::error(
            format!("{program} cannot reach its registry ({code})"),
            "run this where it can be reached; what is built then stays in the cache",
        ),
        None => error,
    }
}
