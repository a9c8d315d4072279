//! The module that pages run to compare two versions (`site/compare-wasm`): compiled like a guest,
//! by the same recorded toolchain, and no component. It must not know what is in it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::guests::Compilation;
use crate::places::Places;
use crate::record::{self, Identity, Sums};
use crate::tasks::{Outcome, lock, replace};
use crate::toolchain::{self, Otherwise};

/// Of the crate; the file beside its sums is called so too.
const NAME: &str = "compare-wasm";
const FILE: &str = "compare.wasm";

/// Rebuilds `site/compare-wasm/compare.wasm` and writes its sum.
pub(crate) fn build(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    let bytes = compile(places, Otherwise::Substitute)?;
    let folder = places.page_module();
    replace(&folder, FILE, &bytes)?;
    replace(&folder, record::SUMS, record::format_sums(&sums(&bytes)).as_bytes())?;
    Ok(Outcome::Done)
}

/// Rebuilds it elsewhere and compares; what is committed stays as it is.
pub(crate) fn check(places: &Places) -> Result<Outcome> {
    let _lock = lock(places)?;
    let folder = places.page_module();
    let recorded = record::read_sums(&folder.join(record::SUMS))?;
    let mut differences = record::differences(&recorded, &sums(&read(&folder.join(FILE))?));
    if differences.is_empty() {
        let bytes = compile(places, Otherwise::Refuse)?;
        differences = record::differences(&recorded, &sums(&bytes));
    }
    if differences.is_empty() {
        println!("identical: {FILE}");
        return Ok(Outcome::Done);
    }
    differences.iter().for_each(|difference| println!("differs: {difference}"));
    println!("to do: run `componentize page` and commit site/compare-wasm");
    Ok(Outcome::Differs)
}

fn compile(places: &Places, otherwise: Otherwise) -> Result<Vec<u8>> {
    let recorded = Identity::read(places)?;
    let toolchain = toolchain::select(places, recorded.as_ref(), otherwise)?;
    let checkout = places.checkout();
    let checkout = checkout
        .canonicalize()
        .with_context(|| format!("finding the folder {}", checkout.display()))?;
    let sources = (checkout.clone(), "/checkout");
    let compilation = Compilation::of(places, &toolchain, checkout, sources, "page", "serde_json")?;
    let bytes = compilation.run(NAME)?;
    for folder in compilation.private_folders() {
        let text = folder.as_os_str().as_encoded_bytes();
        if bytes.windows(text.len()).any(|window| window == text) {
            bail!("{NAME} names a folder of this machine, {}: remap it", folder.display());
        }
    }
    println!("{FILE}: {} bytes, sha256 {}", bytes.len(), record::sha256_hex(&bytes));
    Ok(bytes)
}

fn sums(bytes: &[u8]) -> Sums {
    Sums::from([(FILE.to_owned(), record::sha256_hex(bytes))])
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
