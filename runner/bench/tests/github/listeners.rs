//! A chat service and a mail server, as far as one who writes to them sees.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Keeps what is written to it.
pub(crate) struct Listener {
    pub(crate) port: u16,
    kept: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// A webhook of a chat service.
    pub(crate) fn chat() -> Self {
        Self::start(hear_chat)
    }

    /// A mail server without TLS.
    pub(crate) fn mail() -> Self {
        Self::start(hear_mail)
    }

    fn start(hear: fn(TcpStream) -> Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, kept) = (listener.local_addr().unwrap().port(), Arc::default());
        let keeping: Arc<Mutex<Vec<String>>> = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some(heard) = hear(stream) {
                    keeping.lock().unwrap().push(heard);
                }
            }
        });
        Self { port, kept }
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.kept.lock().unwrap().clone()
    }
}

fn hear_chat(stream: TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    reader.get_mut().write_all(answer.as_bytes()).ok()?;
    let told: serde_json::Value = serde_json::from_slice(&body).ok()?;
    Some(told["text"].as_str()?.to_owned())
}

/// RFC 5321, as much as is needed to receive one message.
fn hear_mail(stream: TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut heard = String::new();
    reader.get_mut().write_all(b"220 mail.example\r\n").ok()?;
    let mut is_data = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if is_data {
            if line.trim_end() == "." {
                reader.get_mut().write_all(b"250 taken\r\n").ok()?;
                return Some(heard);
            }
            heard.push_str(&line);
            continue;
        }
        let word = line.split([' ', '\r', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-mail.example\r\n250 8BITMIME\r\n",
            "DATA" => {
                is_data = true;
                "354 go on\r\n"
            }
            "MAIL" | "RCPT" => {
                heard.push_str(&line);
                "250 well\r\n"
            }
            _ => "250 well\r\n",
        };
        reader.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}
