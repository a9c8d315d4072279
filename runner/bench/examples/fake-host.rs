//! A host that lies, stalls and crashes on purpose, for the tests of `bench`.
//!
//! `fake-host --mode MODE --log FILE --addr ADDR` speaks the host contract and
//! serves `hello`, except where its mode says otherwise. It appends one line
//! to the log whenever it starts and whenever it stops.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

static ANSWERS: AtomicU64 = AtomicU64::new(0);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    if arguments.iter().any(|argument| argument == "--capabilities") {
        println!("{{\"name\":\"fake\",\"capabilities\":[\"http-fake\"]}}");
        return ExitCode::SUCCESS;
    }
    let mode = after("--mode").unwrap_or_default();
    let name = Path::new(&arguments[0]).file_name().unwrap_or_default().to_string_lossy();
    if let Some(log) = after("--log")
        && let Ok(mut log) = OpenOptions::new().append(true).create(true).open(log)
    {
        let _ = writeln!(log, "{name}");
    }
    eprintln!("fake host in mode {mode}");
    serve(&mode, &after("--addr").unwrap_or_default())
}

fn serve(mode: &str, addr: &str) -> ExitCode {
    match mode {
        "never-ready" => thread::sleep(Duration::from_secs(60)),
        "dies-at-start" => return ExitCode::from(9),
        "garbage" => println!("{{\"event\":\"ready\",\"addr\":\"over there\"}}"),
        "noise" => println!("\u{1}\u{2} not json at all"),
        _ => {}
    }
    let listener = match TcpListener::bind(addr) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on {addr}: {error}");
            return ExitCode::from(2);
        }
    };
    let bound = listener.local_addr().map(|addr| addr.to_string()).unwrap_or_default();
    if !matches!(mode, "garbage" | "noise") {
        println!(
            "{{\"event\":\"ready\",\"addr\":\"{bound}\",\"phases_ns\":{{\"listen\":1000,\"odd\":1}}}}"
        );
    }
    for stream in listener.incoming().flatten() {
        let mode = mode.to_owned();
        thread::spawn(move || talk(&mode, stream));
    }
    ExitCode::SUCCESS
}

/// Answers requests without a body until the other side goes away.
fn talk(mode: &str, mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line != "\r\n" {
            continue;
        }
        let count = ANSWERS.fetch_add(1, Ordering::Relaxed) + 1;
        let body = match mode {
            "wrong-body" if count > 50 => "hellO",
            _ => "hello",
        };
        let status = match mode {
            "wrong-status" => "500 Internal Server Error",
            _ => "200 OK",
        };
        match mode {
            "stalls" if count.is_multiple_of(50) => thread::sleep(Duration::from_millis(100)),
            "stalls-each-second" => stall_once_a_second(),
            "silent" => thread::sleep(Duration::from_secs(60)),
            "dies" if count == 50 => {
                eprintln!("fake host gives up");
                std::process::abort();
            }
            _ => {}
        }
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").ok()?;
    }
}

/// Holds whoever comes in the first 100 ms of a second until they are over, on
/// every connection.
fn stall_once_a_second() {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let into_second = Duration::from_nanos(since_1970.subsec_nanos().into());
    thread::sleep(Duration::from_millis(100).saturating_sub(into_second));
}
