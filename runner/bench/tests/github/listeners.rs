//! A chat service and a mail server, as far as one who writes to them sees: over TLS, with
//! an authority that nobody but the one who is told of it trusts.

use base64::Engine as _;
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Who the mail server lets write.
pub(crate) const USER: &str = "bench";
pub(crate) const PASSWORD: &str = "a password for the mail server";

const GREETING: &[u8] = b"220 mail.example\r\n";

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// An authority, and a server at 127.0.0.1 that it vouches for.
pub(crate) struct Authority {
    /// Its certificate, as `SSL_CERT_FILE` wants it.
    pub(crate) pem: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let own = own.signed_by(&key, &issuer).unwrap();
        let server =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![own.der().clone()], PrivateKeyDer::from(key))
                .unwrap();
        Self { pem, server: Arc::new(server) }
    }
}

/// Keeps what is written to it.
pub(crate) struct Listener {
    pub(crate) port: u16,
    kept: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// A webhook of a chat service.
    pub(crate) fn chat(authority: &Authority) -> Self {
        Self::start(authority, Some, hear_chat)
    }

    /// A mail server that speaks TLS from the first byte on.
    pub(crate) fn mail(authority: &Authority) -> Self {
        let greeted = |mut stream: Stream| stream.write_all(GREETING).ok().map(|()| stream);
        Self::start(authority, Some, move |stream| hear_mail(greeted(stream)?))
    }

    /// A mail server that speaks TLS once it is asked to (RFC 3207).
    pub(crate) fn mail_by_starttls(authority: &Authority) -> Self {
        Self::start(authority, until_starttls, hear_mail)
    }

    fn start(
        authority: &Authority,
        before: fn(TcpStream) -> Option<TcpStream>,
        hear: impl Fn(Stream) -> Option<String> + Send + 'static,
    ) -> Self {
        let config = Arc::clone(&authority.server);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, kept) = (listener.local_addr().unwrap().port(), Arc::default());
        let keeping: Arc<Mutex<Vec<String>>> = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                let Some(stream) = before(stream) else { continue };
                if let Some(heard) = hear(StreamOwned::new(tls, stream)) {
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

fn hear_chat(stream: Stream) -> Option<String> {
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

/// What is said before there is TLS.
fn until_starttls(mut stream: TcpStream) -> Option<TcpStream> {
    stream.write_all(GREETING).ok()?;
    // Nothing follows its word before the answer, so no byte of TLS is lost here.
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let is_asked = line.starts_with("STARTTLS");
        let answer: &[u8] =
            if is_asked { b"220 go on\r\n" } else { b"250-mail.example\r\n250 STARTTLS\r\n" };
        stream.write_all(answer).ok()?;
        if is_asked {
            return Some(stream);
        }
    }
}

/// RFC 5321, as much as is needed to receive one message of somebody who may write one.
fn hear_mail(stream: Stream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut heard = String::new();
    let (mut is_known, mut is_data) = (false, false);
    let known = base64::prelude::BASE64_STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
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
            "EHLO" => "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            "AUTH" if line.trim_end().ends_with(&known) => {
                is_known = true;
                "235 welcome\r\n"
            }
            "QUIT" => return None,
            _ if !is_known => "530 who are you?\r\n",
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
