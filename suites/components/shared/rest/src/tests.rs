//! Both sides, with nothing but memory between them.

use super::*;
use kv::Memory;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

impl Ask for Memory {
    async fn ask(
        &mut self,
        method: &'static str,
        path_and_query: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        Ok(answer(self, method, path_and_query, body))
    }
}

fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("memory does not wait"),
    }
}

#[test]
fn a_session_is_answered_line_by_line() {
    let session = "get ?/%\nset ?/% 41\nincrement ?/% 1\nget ?/%\nexists ?/%\nset ä x\nlist\n\
                   delete ?/%\nexists ?/%\nfill c 100\nget c\nincrement c 1\n";
    let want = "none\nset\n42\nvalue 42\ntrue\nset\n?/% ä\ndeleted\nfalse\nset\n\
                value of 100 bytes, 61561341642d2e00\n\
                error the value is not a number, or the sum is too large\n";
    assert_eq!(now(kv::script(&mut Remote(Memory::default()), session)), want);
}

#[test]
fn long_lists_come_in_pages() {
    let mut store = Remote(Memory::default());
    let call = kv::calls(&mut store, "key0", "list", 1, 1 << 21);
    assert_eq!(now(call).as_deref(), Ok("1 x list 2097152"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (method, path, status) in [
        ("GET", "/", 404),
        ("PUT", "/keys", 404),
        ("GET", "/keys?cursor=x", 400),
        ("GET", "/values/%ff", 400),
        ("POST", "/values/a?by=-1", 400),
        ("PATCH", "/values/a", 405),
    ] {
        let answered = answer(&mut Memory::default(), method, path, Vec::new());
        assert_eq!(answered.0, status, "{method} {path}");
    }
}
