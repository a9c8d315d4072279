//! `componentize`: builds the guests of `suites/components` into `prebuilt/*.wasm` and the large ones
//! into the cache, or proves that they still build to the recorded bytes. This file reads the command
//! line and turns what happened into an exit code; it must not build or compare anything itself.

mod bindings;
mod cargo;
mod component;
mod composition;
mod guests;
mod listing;
mod page;
mod places;
mod recipe_tasks;
mod recipes;
mod record;
mod tasks;
mod toolchain;
mod wit;

use std::process::ExitCode;

use tasks::Outcome;

const HELP: &str = "\
Builds the guests in suites/components to components, reproducibly.

Usage: cargo run --locked --manifest-path suites/components/build/Cargo.toml -- TASK

Tasks:
  build    rebuild prebuilt/*.wasm, with SHA256SUMS, SOURCES and TOOLCHAIN, but for what comes out
           of the recipes in small/
  check    verify, then rebuild elsewhere and compare with SHA256SUMS; writes nothing here
  verify   prebuilt/ matches SHA256SUMS, and the sources those it was built from (a second,
           no toolchain, no network)
  wit      only copy the WIT texts to wit/, for editors and clippy
  large    build what is too large to be committed into the cache, unless it is there, and compare
           with large/SHA256SUMS (minutes; needs Node.js with npm, Python, and their registries)
  record-large
           build it anew and write large/SHA256SUMS and large/SOURCES
  small    rebuild what comes out of the recipes in small/ elsewhere, and compare with
           prebuilt/SHA256SUMS (minutes; needs Python, and PyPI)
  record-small
           build it anew into prebuilt/, with SHA256SUMS and SOURCES
  page     rebuild site/compare-wasm/compare.wasm, which pages run, with its SHA256SUMS
  check-page
           rebuild it elsewhere and compare; writes nothing here

Exit codes:
  0  done; for check, verify, large, small and check-page: identical
  1  differs: what is committed is not what the sources give
  2  bad usage, or something failed
  3  not possible here: the toolchain that made the committed bytes is not to be had

Downloads and build results are kept in $BENCH_CACHE_DIR/wasm-toolchain, large components in
$BENCH_CACHE_DIR/large (default: $XDG_CACHE_HOME or ~/.cache, then arewefastyet).";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let task = match words[..] {
        ["build"] => tasks::build,
        ["check"] => tasks::check,
        ["verify"] => tasks::verify,
        ["wit"] => tasks::wit,
        ["large"] => recipe_tasks::large,
        ["record-large"] => recipe_tasks::record_large,
        ["small"] => recipe_tasks::small,
        ["record-small"] => recipe_tasks::record_small,
        ["page"] => page::build,
        ["check-page"] => page::check,
        ["-h" | "--help" | "help"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("error: expected exactly one task, got {words:?}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match places::Places::from_environment().and_then(|places| task(&places)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Differs) => ExitCode::from(1),
        Err(error) => match error.downcast_ref::<toolchain::Unavailable>() {
            Some(unavailable) => {
                println!("{}: not possible here: {unavailable}", words[0]);
                ExitCode::from(3)
            }
            None => {
                eprintln!("error: {error:#}");
                ExitCode::from(2)
            }
        },
    }
}
