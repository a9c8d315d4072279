//! `tiny`: the host on Linux, and everything that happens before a board is
//! switched on. This file reads the command line; the modules do the work.

mod firmware;
mod guests;
mod measure;
mod native;
mod precompile;

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use wasmtime::Result;

/// The tiny host on Linux, and the builder of its firmware.
#[derive(Parser)]
#[command(version, help_expected = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the firmware of a board, with the components in it.
    ///
    /// Run it in the folder of the sources. The cross compiler is told by the
    /// environment: CROSS_RUSTC, CROSS_LINKER, and CROSS_STD_SOURCES where the
    /// standard library has to be built; without them, rustup's own.
    Firmware(firmware::Firmware),
    /// Answer frames on standard input, as a board does on its serial line.
    Serve {
        /// Who executes the guests.
        #[arg(long, default_value = "pulley")]
        engine: Engine,
        /// Whether guests can be async.
        #[arg(long, default_value = "on")]
        concurrency: Switch,
    },
    /// Measure the calls that boards are measured by, in nanoseconds of this
    /// machine; one JSON line for each metric.
    Measure(measure::Measure),
    /// Print what this can do, as one JSON line.
    Capabilities,
    /// Rebuild the guests from their text.
    Guests {
        /// The folder of the texts.
        #[arg(default_value = "guests")]
        folder: PathBuf,
    },
}

/// Who executes guests on Linux.
#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    /// The interpreter that boards use.
    Pulley,
    /// Machine code.
    Cranelift,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Firmware(order) => firmware::build(&order),
        Command::Serve { engine, concurrency } => {
            native::serve(engine, concurrency == Switch::On);
            Ok(())
        }
        Command::Measure(order) => measure::measure(&order),
        Command::Capabilities => {
            println!("{{\"capabilities\":[\"tiny\"]}}");
            Ok(())
        }
        Command::Guests { folder } => guests::rebuild(&folder),
    }
}
