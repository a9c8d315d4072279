//! A call made ready for sending, shared by all connections of a run.
//!
//! What is sent is laid out once; nothing here is changed or copied later.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    expect::Expect,
    failure::Failure,
    plan::Call,
    request::{Request, RequestBody},
};

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) addr: SocketAddr,
    head: Vec<u8>,
    body: RequestBody,
    pub(crate) is_head: bool,
    pub(crate) expect: Arc<Expect>,
    /// Method, path and address, for messages.
    pub(crate) asked: String,
}

impl Job {
    pub(crate) fn new(call: &Call) -> Result<Job, Failure> {
        let Call { addr, request, expect } = call;
        let Request { method, path, body, .. } = request;
        Ok(Job {
            addr: *addr,
            head: request.encode_head().map_err(Failure::Plan)?,
            body: body.clone(),
            is_head: method == "HEAD",
            expect: Arc::new(expect.clone()),
            asked: format!("{method} {path} at {addr}"),
        })
    }

    pub(crate) fn length(&self) -> u64 {
        self.head.len() as u64 + self.body.length()
    }

    /// What to send after the first `written` bytes: the rest of the head and
    /// a piece of the body. Both are empty only at the end.
    pub(crate) fn rest(&self, written: u64) -> (&[u8], &[u8]) {
        let head = &self.head[(written as usize).min(self.head.len())..];
        (head, self.body.piece(self.body_bytes(written)))
    }

    /// How many of the first `written` bytes are of the body.
    pub(crate) fn body_bytes(&self, written: u64) -> u64 {
        written.saturating_sub(self.head.len() as u64)
    }
}
