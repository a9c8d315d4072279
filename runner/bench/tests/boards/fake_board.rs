//! A board for the tests of driver `qemu`: `firmware VARIANT FILE` writes a script
//! that starts this program as `board VARIANT SERIAL`, which behaves like an
//! emulator, well or badly.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};
use std::{env, fs, process, thread};

fn main() {
    let words: Vec<String> = env::args().collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["capabilities"] => println!("{{\"capabilities\":[]}}"),
        ["firmware", variant, file] => {
            // The runner's cross compiler is told by this.
            assert!(env::var_os("CROSS_LINKER").is_some());
            let mut script = format!("exec {} board {variant} \"$1\"\n", words[0]);
            // What many a build has in it, and should not.
            if variant == "dated" {
                script += &format!("# {:?}\n", SystemTime::now());
            }
            fs::write(file, script).unwrap();
        }
        ["board", variant, serial] => board(variant, serial),
        _ => process::exit(2),
    }
}

fn board(variant: &str, serial: &str) {
    if variant == "deaf" {
        return;
    }
    let mut line = TcpStream::connect(serial.strip_prefix("tcp:").unwrap()).unwrap();
    let long = if variant == "miscounts" { 2_004_021 } else { 2_004_020 };
    writeln!(
        line,
        "{{\"event\":\"ready\",\"reading\":[0,9],\"short\":[9,2019],\"long\":[2019,{}]}}",
        long + 9
    )
    .unwrap();
    read(&mut line);
    match variant {
        "panics" => {
            writeln!(line, "panic: asked to").unwrap();
            process::exit(1);
        }
        "hangs" => thread::sleep(Duration::from_secs(60)),
        _ => {}
    }
    // No two boots are the same process.
    let drift = if variant == "drifts" { process::id() } else { 0 };
    let to = 250 + drift;
    writeln!(line, "{{\"metric\":\"steady_call_instructions\",\"span\":[100,{to}]}}").unwrap();
    writeln!(line, "{{\"metric\":\"ram_bytes\",\"value\":65536}}").unwrap();
    let body = if variant == "liar" { "steady=8" } else { "steady=7" };
    let answer = format!("HTTP/1.1 200\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    write(&mut line, answer.as_bytes(), variant == "garbles");
    read(&mut line);
    write(&mut line, b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", false);
    if variant == "lingers" {
        thread::sleep(Duration::from_secs(60));
    }
}

fn read(line: &mut TcpStream) {
    let mut head = [0; 3];
    if line.read_exact(&mut head).is_err() {
        process::exit(0);
    }
    let mut rest = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]])) + 2];
    line.read_exact(&mut rest).unwrap();
}

fn write(line: &mut TcpStream, payload: &[u8], damaged: bool) {
    let sum = payload.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum: u16, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
        })
    });
    let sum = if damaged { !sum } else { sum };
    let length = (payload.len() as u16).to_be_bytes();
    line.write_all(&[&[2][..], &length, payload, &sum.to_be_bytes()].concat()).unwrap();
}
