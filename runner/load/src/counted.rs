//! A counted number of checked requests over one connection, one after the
//! other: for what must depend on how many there are and not on how long they
//! take. It measures nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Runtime, time::timeout};

use crate::{
    board::{Clock, Counters},
    connection::{self, Connection},
    crew::runtime,
    failure::{Failure, Stopped},
    job::Job,
    plan::Call,
};

/// One caller, who keeps his connection.
#[derive(Debug)]
pub struct Caller {
    runtime: Runtime,
    jobs: Arc<[Job]>,
    connection: Option<Connection>,
    within: Duration,
}

impl Caller {
    /// A caller of a listening server; each request gets the time `within`.
    ///
    /// # Errors
    /// When the request cannot be sent as it is written.
    pub fn new(call: &Call, within: Duration) -> Result<Caller, Failure> {
        let jobs = Arc::new([Job::new(call)?]);
        Ok(Caller { runtime: runtime()?, jobs, connection: None, within })
    }

    /// Asks `times` times; every answer is checked.
    ///
    /// # Errors
    /// No connection, anything but the right answer in time, or `cancel` was set.
    pub fn ask(&mut self, times: u32, cancel: &AtomicBool) -> Result<(), Stopped> {
        for answered in 0..u64::from(times) {
            let failed = |failure: Failure| Stopped {
                failure: Box::new(failure),
                answered,
                slices: Vec::new(),
            };
            if cancel.load(Ordering::Relaxed) {
                return Err(failed(Failure::Cancelled));
            }
            self.exchange().map_err(failed)?;
        }
        Ok(())
    }

    fn exchange(&mut self) -> Result<(), Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let answer = self.runtime.block_on(async {
            timeout(self.within, connection.exchange(0)).await.unwrap_or_else(|_elapsed| {
                Err(Failure::NoAnswer { asked: self.jobs[0].asked.clone(), within: self.within })
            })
        })?;
        if !answer.closes {
            self.connection = Some(connection);
        }
        Ok(())
    }

    fn connect(&self) -> Result<Connection, Failure> {
        let addr = self.jobs[0].addr;
        let stream = connection::open(addr, self.within)
            .map_err(|source| Failure::Connect { addr, source })?;
        let _inside = self.runtime.enter();
        let stream = tokio::net::TcpStream::from_std(stream).map_err(|source| {
            Failure::Generator { doing: "registering a connection".to_owned(), source }
        })?;
        let jobs = Arc::clone(&self.jobs);
        Ok(Connection::new(jobs, stream, Clock::start(), Arc::new(Counters::default())))
    }
}
