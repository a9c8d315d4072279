//! `service-p3`: a program without requests (`wasi:cli/run`), which does what the environment
//! variable MODE says, through WASI 0.3.
//!
//! `tick` prints a line every 100 ms for ever, `done` prints one and ends well, `fail` ends with an
//! error, `trap` traps. It must not do anything else: what a host makes of each is what is shown.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:service-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:cli/stdout@0.3.0;
            import wasi:clocks/monotonic-clock@0.3.0;
            export wasi:cli/run@0.3.0;
        }
    ",
    world: "arewefastyet:service-p3/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest;
use wasi::cli::environment::get_environment;
use wasi::cli::stdout::write_via_stream;
use wasi::clocks::monotonic_clock::wait_for;

/// The same in service-p2.
const TICK_NS: u64 = 100_000_000;

struct Service;

impl Guest for Service {
    async fn run() -> Result<(), ()> {
        let mode = get_environment().into_iter().find(|(key, _)| key == "MODE");
        let mode = mode.map_or(String::new(), |(_, mode)| mode);
        match mode.as_str() {
            "tick" => {
                for index in 0_u64.. {
                    print(format!("tick {index}\n")).await?;
                    wait_for(TICK_NS).await;
                }
                Ok(())
            }
            "done" => print("done\n".to_owned()).await,
            "fail" => Err(()),
            "trap" => std::process::abort(),
            _ => {
                print(format!("MODE={mode}: expected tick, done, fail or trap\n")).await?;
                Err(())
            }
        }
    }
}

/// Fails when nobody reads.
async fn print(line: String) -> Result<(), ()> {
    let (mut writer, reader) = wit_stream::new();
    let printed = write_via_stream(reader);
    writer.write_all(line.into_bytes()).await;
    drop(writer);
    printed.await.map_err(|_| ())
}

export!(Service);
