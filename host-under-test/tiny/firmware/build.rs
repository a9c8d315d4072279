//! Hands the linker the memory of the board that is built for, and the compiler
//! the folder with the precompiled components.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=memory");
    println!("cargo:rerun-if-env-changed=TINY_BOARD");
    println!("cargo:rerun-if-env-changed=TINY_COMPONENTS");
    let variable = |name: &str| {
        env::var(name).map_err(|_| {
            io::Error::other(format!("{name} is not set; build the firmware with `tiny firmware`"))
        })
    };
    let board = variable("TINY_BOARD")?;
    variable("TINY_COMPONENTS")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::copy(format!("memory/{board}.x"), out.join("memory.x"))?;
    println!("cargo:rustc-link-search={}", out.display());
    println!(
        "cargo:rustc-check-cfg=cfg(board, values(\"mps2-an505\", \"netduinoplus2\", \"virt\"))"
    );
    println!("cargo:rustc-cfg=board=\"{board}\"");
    // The runtime's own script, which includes the memory above; RISC-V's does not.
    let scripts: &[&str] = if board == "virt" { &["memory.x", "link.x"] } else { &["link.x"] };
    for script in scripts {
        println!("cargo:rustc-link-arg=-T{script}");
    }
    // Functions that are the same become one.
    println!("cargo:rustc-link-arg=--icf=all");
    Ok(())
}
