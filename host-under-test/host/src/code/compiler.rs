//! How components become code. Only what the choice means for Wasmtime's
//! settings; the engine itself is built elsewhere.

use wasmtime::{Config, Strategy};

/// What turns a component into code that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Compiler {
    /// Optimising: the fastest code, the longest compile.
    #[default]
    Cranelift,
    /// One pass: a short compile, slower code.
    Winch,
    /// An interpreter for code that Cranelift made: runs on any CPU, slowest.
    Pulley,
}

impl Compiler {
    /// The setting that differs; everything else in `config` stays.
    pub fn configure(self, config: &mut Config) -> wasmtime::Result<()> {
        match self {
            Self::Cranelift => {
                config.strategy(Strategy::Cranelift);
            }
            Self::Winch => {
                config.strategy(Strategy::Winch);
            }
            Self::Pulley => {
                let byte_order = if cfg!(target_endian = "big") { "be" } else { "" };
                config.target(&format!("pulley{}{byte_order}", usize::BITS))?;
            }
        }
        Ok(())
    }
}
