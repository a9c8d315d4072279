//! `service-p2`: a program without requests (`wasi:cli/run`), which does what the environment
//! variable MODE says, through WASI 0.2.
//!
//! `tick` prints a line every 100 ms for ever, `done` prints one and ends well, `fail` ends with an
//! error, `trap` traps. It must not do anything else: what a host makes of each is what is shown.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:service-p2;
        world guest {
            import wasi:cli/environment@0.2.12;
            import wasi:cli/stdout@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            export wasi:cli/run@0.2.12;
        }
    ",
    world: "arewefastyet:service-p2/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest;
use wasi::cli::environment::get_environment;
use wasi::cli::stdout::get_stdout;
use wasi::clocks::monotonic_clock::subscribe_duration;

/// The same in service-p3.
const TICK_NS: u64 = 100_000_000;

struct Service;

impl Guest for Service {
    fn run() -> Result<(), ()> {
        let mode = get_environment().into_iter().find(|(key, _)| key == "MODE");
        let mode = mode.map_or(String::new(), |(_, mode)| mode);
        match mode.as_str() {
            "tick" => (0_u64..).try_for_each(|index| {
                print(&format!("tick {index}\n"))?;
                subscribe_duration(TICK_NS).block();
                Ok(())
            }),
            "done" => print("done\n"),
            "fail" => Err(()),
            "trap" => std::process::abort(),
            _ => {
                print(&format!("MODE={mode}: expected tick, done, fail or trap\n"))?;
                Err(())
            }
        }
    }
}

/// Fails when nobody reads.
fn print(line: &str) -> Result<(), ()> {
    get_stdout().blocking_write_and_flush(line.as_bytes()).map_err(|_| ())
}

export!(Service);
