//! A host that lies, stalls and crashes on purpose, for the tests of `bench`.
//!
//! `fake-host --mode MODE --log FILE --addr ADDR --workload FILE` speaks the
//! host contract and serves `hello`, except where its mode says otherwise. It
//! appends one line to the log whenever it starts.

use rustix::time::{ClockId, clock_gettime};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

static ANSWERS: AtomicU64 = AtomicU64::new(0);
/// How many answers will be wrong, because it was asked for `/crash`.
static WRONG: AtomicU64 = AtomicU64::new(0);

/// What one workload of mode `density` occupies.
const WORKLOAD_BYTES: usize = 256 * 1024;

struct Fake {
    mode: String,
    /// The text of its workload file.
    workload: String,
    /// Words that some option of the suite brought: `--option-...`.
    options: String,
    /// Kept, so that it occupies memory.
    memory: Vec<u8>,
}

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
    let workload = after("--workload").filter(|file| !file.is_empty());
    let workload = workload.map(std::fs::read_to_string).transpose();
    let Ok(workload) = workload.map(|text| text.unwrap_or_default().trim().to_owned()) else {
        eprintln!("cannot read the workload");
        return ExitCode::from(2);
    };
    let options: Vec<&str> =
        arguments.iter().filter_map(|word| word.strip_prefix("--option-")).collect();
    let mut fake = Fake { mode, workload, options: options.join(" "), memory: Vec::new() };
    if fake.mode == "density" {
        let count: usize = fake.workload.parse().unwrap_or_default();
        let limit = after("--limit").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
        if count > limit {
            eprintln!("out of room for workload {}", limit + 1);
            return ExitCode::from(3);
        }
        fake.memory = vec![1; count * WORKLOAD_BYTES];
    }
    serve(Arc::new(fake), &after("--addr").unwrap_or_default())
}

fn serve(fake: Arc<Fake>, addr: &str) -> ExitCode {
    match fake.mode.as_str() {
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
    if !matches!(fake.mode.as_str(), "garbage" | "noise") {
        println!(
            "{{\"event\":\"ready\",\"addr\":\"{bound}\",\"phases_ns\":{{\"listen\":1000,\"odd\":1}}}}"
        );
    }
    for stream in listener.incoming().flatten() {
        let fake = Arc::clone(&fake);
        thread::spawn(move || fake.talk(stream));
    }
    ExitCode::SUCCESS
}

impl Fake {
    /// Answers requests without a body until the other side goes away.
    fn talk(&self, mut stream: TcpStream) -> Option<()> {
        stream.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let (mut host, mut path) = (String::new(), String::new());
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.strip_prefix("host: ") {
                host = value.trim().to_owned();
            }
            if let Some(rest) = line.strip_prefix("GET ") {
                path = rest.split(' ').next()?.to_owned();
            }
            if line != "\r\n" {
                continue;
            }
            if path == "/moments" {
                // Ends with its connection, as in HTTP/1.0. The sixth is left out.
                let moments = (1_u64..20).filter(|index| *index != 6).map(|i| 1_000_000 * i);
                let body: String = moments.map(|moment| format!("{moment}\n")).collect();
                return write!(stream, "HTTP/1.1 200 OK\r\n\r\n{body}").ok();
            }
            let count = ANSWERS.fetch_add(1, Ordering::Relaxed) + 1;
            let body = self.body(count, &host)?;
            let is_wrong = match path.as_str() {
                "/crash" => {
                    WRONG.store(5, Ordering::Relaxed);
                    false
                }
                _ => WRONG
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                    .is_ok(),
            };
            let status = match self.mode.as_str() {
                _ if is_wrong => "503 Service Unavailable",
                "wrong-status" => "500 Internal Server Error",
                _ => "200 OK",
            };
            self.misbehave(count);
            let length = body.len();
            // In one piece: whoever forwards it reads once.
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).ok()?;
        }
    }

    fn body(&self, count: u64, host: &str) -> Option<String> {
        Some(match self.mode.as_str() {
            "wrong-body" if count > 50 => "hellO".to_owned(),
            "tells-workload" => self.workload.clone(),
            // Who asks says whom, unless the suite names another host.
            "knows-addr" => (self.workload == host).to_string(),
            "tells-options" => self.options.clone(),
            // Looks at its memory, so that it is there.
            "density" if self.memory.iter().step_by(4096).all(|byte| *byte == 1) => {
                host.split('.').next()?.to_owned()
            }
            _ if self.is_front() => self.forward(count)?,
            _ => "hello".to_owned(),
        })
    }

    /// Whether its configuration is a list of addresses.
    fn is_front(&self) -> bool {
        let mut words = self.workload.split_whitespace();
        words.next().is_some_and(|word| word.parse::<std::net::SocketAddr>().is_ok())
    }

    /// Asks the addresses in its configuration in turn.
    fn forward(&self, count: u64) -> Option<String> {
        let backends: Vec<&str> = self.workload.split_whitespace().collect();
        let backend = backends.get(count as usize % backends.len())?;
        let mut stream = TcpStream::connect(backend).ok()?;
        write!(stream, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").ok()?;
        let mut answer = vec![0; 1024];
        let length = stream.read(&mut answer).ok()?;
        answer.truncate(length);
        let answer = String::from_utf8(answer).ok()?;
        Some(answer.split_once("\r\n\r\n")?.1.to_owned())
    }

    fn misbehave(&self, count: u64) {
        match self.mode.as_str() {
            "stalls" if count.is_multiple_of(50) => thread::sleep(Duration::from_millis(100)),
            "stalls-each-second" => stall_once_a_second(),
            "silent" => thread::sleep(Duration::from_secs(60)),
            "dies" if count == 50 => {
                eprintln!("fake host gives up");
                std::process::abort();
            }
            // One millisecond of CPU time an answer, however busy the machine is.
            "front" | "busy" => {
                let until_ns = own_cpu_ns() + 1_000_000;
                while own_cpu_ns() < until_ns {}
            }
            _ => {}
        }
    }
}

/// CPU time of this thread.
fn own_cpu_ns() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Holds whoever comes in the first 100 ms of a second until they are over, on
/// every connection.
fn stall_once_a_second() {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let into_second = Duration::from_nanos(since_1970.subsec_nanos().into());
    thread::sleep(Duration::from_millis(100).saturating_sub(into_second));
}
