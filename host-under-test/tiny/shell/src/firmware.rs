//! Builds the firmware: precompiles the components, then has cargo compile the
//! host around them. Nothing but the sources, the compiler and the order decides
//! the bytes.

use crate::precompile;
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use wasmtime::error::Context;
use wasmtime::{Result, bail};

/// The folder above the standard library's sources, where that has to be built.
const STD_SOURCES: &str = "CROSS_STD_SOURCES";

/// What LLVM is told where it sees the whole program. A call goes through a hundred
/// functions that are hardly longer than calling them, which compiling for size leaves
/// alone: functions up to about 18 instructions (it counts 5 for one) are inlined, and
/// what several have in common is not made another one to call.
const WHOLE_PROGRAM: [&str; 2] =
    ["-Cllvm-args=-inline-threshold=90", "-Cllvm-args=-enable-machine-outliner=never"];

/// What is ordered.
#[derive(Args)]
pub(crate) struct Firmware {
    /// The board.
    #[arg(long)]
    board: Board,
    /// What the host can do.
    #[arg(long)]
    variant: Variant,
    /// Where the firmware is put, as an ELF file.
    #[arg(long)]
    out: PathBuf,
    /// The folder of the sources.
    #[arg(long, default_value = ".")]
    sources: PathBuf,
}

/// The boards that are known.
#[derive(Clone, Copy, ValueEnum)]
enum Board {
    /// Cortex-M33.
    #[value(name = "mps2-an505")]
    Mps2An505,
    /// Cortex-M4, 1 MiB of flash, 128 KiB of RAM.
    #[value(name = "netduinoplus2")]
    Netduinoplus2,
    /// RISC-V, 32 bits.
    #[value(name = "virt")]
    Virt,
}

/// What the host can do.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Variant {
    /// Runs components with async functions and streams.
    ConcurrencyOn,
    /// Runs sync components only, and is smaller.
    ConcurrencyOff,
}

impl Board {
    fn name(self) -> &'static str {
        match self {
            Self::Mps2An505 => "mps2-an505",
            Self::Netduinoplus2 => "netduinoplus2",
            Self::Virt => "virt",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Mps2An505 => "thumbv8m.main-none-eabi",
            Self::Netduinoplus2 => "thumbv7em-none-eabi",
            Self::Virt => "riscv32imac-unknown-none-elf",
        }
    }
}

/// Builds it.
pub(crate) fn build(order: &Firmware) -> Result<()> {
    let folder = tempfile::tempdir().context("creating a folder for the components")?;
    precompile::write(folder.path(), order.variant == Variant::ConcurrencyOn)?;
    let sources = std::path::absolute(&order.sources).context("finding the sources")?;
    let (board, target) = (order.board, order.board.target());
    let target_dir = match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(folder).context("finding cargo's folder")?,
        None => sources.join("target"),
    };
    let mut cargo = Command::new("cargo");
    cargo
        .args(["rustc", "--locked", "--profile", "firmware", "--package", "tiny-firmware"])
        .arg("--target-dir")
        .arg(&target_dir)
        .current_dir(&sources)
        .env("TINY_BOARD", board.name())
        .env("TINY_COMPONENTS", folder.path())
        .env("CARGO_ENCODED_RUSTFLAGS", flags().join("\x1f"))
        // Lets a stable compiler take the unstable options below.
        .env("RUSTC_BOOTSTRAP", "1");
    if order.variant == Variant::ConcurrencyOn {
        cargo.args(["--features", "concurrency"]);
    }
    cross(&mut cargo, target, &target_dir)?;
    // To the last compilation alone, which sees the whole program.
    cargo.arg("--").args(WHOLE_PROGRAM);
    let status = cargo.status().context("starting cargo")?;
    if !status.success() {
        bail!("building the firmware of {}: cargo failed ({status})", board.name());
    }
    let made = target_dir.join(target).join("firmware").join("tiny-firmware");
    copy(&made, &order.out)
}

/// Which compiler, and for which processor.
fn cross(cargo: &mut Command, target: &str, target_dir: &Path) -> Result<()> {
    let rustc = env::var_os("CROSS_RUSTC");
    if let Some(rustc) = &rustc {
        cargo.env("RUSTC", rustc);
    }
    if env::var_os(STD_SOURCES).is_none() {
        cargo.args(["--target", target]);
        return Ok(());
    }
    let rustc = rustc.unwrap_or_else(|| "rustc".into());
    let specification = without_frame_pointers(&rustc, target, target_dir)?;
    cargo
        .args(["-Zjson-target-spec", "--target"])
        .arg(specification)
        .arg("-Zbuild-std=core,alloc")
        .arg("-Zbuild-std-features=compiler-builtins-mem,optimize_for_size")
        // Copying and clearing memory is a part of every call.
        .args(["--config", "profile.firmware.package.compiler_builtins.opt-level=3"]);
    Ok(())
}

/// The compiler's own description of a processor, but for frame pointers, which Arm's
/// has always: they take a register, and instructions of every function, for nobody
/// but debuggers. No flag takes them away, only another description does.
fn without_frame_pointers(rustc: &OsStr, target: &str, target_dir: &Path) -> Result<PathBuf> {
    let output = Command::new(rustc)
        .args(["-Zunstable-options", "--print", "target-spec-json", "--target", target])
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .with_context(|| format!("asking the compiler about {target}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("asking the compiler about {target}: {}", said.trim());
    }
    let mut specification: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("reading what the compiler says of {target}"))?;
    specification["frame-pointer"] = "may-omit".into();
    let file = target_dir.join(format!("{target}.json"));
    fs::create_dir_all(target_dir)
        .and_then(|()| fs::write(&file, specification.to_string()))
        .with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

/// What the compiler is told, whoever calls adding to it.
fn flags() -> Vec<String> {
    let given = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut flags: Vec<String> =
        given.split('\x1f').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
    flags.extend([
        // So that symbols name the crate they come from, whatever they are generic over.
        "-Csymbol-mangling-version=v0".to_owned(),
        // A panic tells its message; where it is in the sources would be many strings.
        "-Zlocation-detail=none".to_owned(),
        // As said in `Settings`; and each instruction of the interpreter jumps to the next.
        "--cfg=pulley_disable_interp_simd".to_owned(),
        "--cfg=pulley_tail_calls".to_owned(),
        // Nobody reads what `{:?}` would print.
        "-Zfmt-debug=none".to_owned(),
    ]);
    if let Ok(linker) = env::var("CROSS_LINKER") {
        flags.push(format!("-Clinker={linker}"));
    }
    if let Ok(sources) = env::var(STD_SOURCES) {
        flags.push(format!("--remap-path-prefix={sources}=/rust"));
    }
    flags
}

fn copy(made: &Path, out: &Path) -> Result<()> {
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    fs::copy(made, out).map(drop).with_context(|| format!("writing {}", out.display()))
}
