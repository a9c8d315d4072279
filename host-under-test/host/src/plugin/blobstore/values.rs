//! What guests write objects with and read them with.

use super::guest::{Failure, MAX_BUFFERED_BYTES, View, types};
use super::input::Input;
use super::output::{Body, Output};
use super::room::Share;
use super::{Blob, BlobError};
use futures_util::StreamExt;
use std::sync::{Arc, Mutex};
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

/// An object's bytes, or a part of them, on their way to a guest.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Incoming {
    pub(super) blob: Blob,
    /// Among the values of its instance.
    pub(super) place: Share,
}

/// An object's bytes on their way from a guest.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Outgoing {
    body: Arc<Mutex<Body>>,
    has_stream: bool,
    _place: Share,
}

impl Outgoing {
    pub(super) fn body(&self) -> Arc<Mutex<Body>> {
        Arc::clone(&self.body)
    }
}

impl types::Host for View<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<types::Error> {
        match failure {
            Failure::Guest(BlobError(what)) => Ok(what),
            Failure::Trap(error) => Err(error.into()),
        }
    }
}

impl types::HostOutgoingValue for View<'_> {
    /// Beyond the limits, the value exists and says so when it is used: the
    /// interface has no error here.
    async fn new_outgoing_value(&mut self) -> wasmtime::Result<Resource<Outgoing>> {
        let place = self.limits.value();
        let body = match &place {
            Ok(_) => Body::new(self.limits.buffer()),
            Err(error) => Body::failed(error.clone()),
        };
        let body = Arc::new(Mutex::new(body));
        let place = place.unwrap_or_else(|_| self.limits.buffer());
        Ok(self.table.push(Outgoing { body, has_stream: false, _place: place })?)
    }

    async fn outgoing_value_write_body(
        &mut self,
        value: Resource<Outgoing>,
    ) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> {
        let value = self.table.get_mut(&value)?;
        if std::mem::replace(&mut value.has_stream, true) {
            return Ok(Err(()));
        }
        let output: DynOutputStream = Box::new(Output(value.body()));
        Ok(self.table.push(output).map_err(drop))
    }

    async fn finish(&mut self, value: Resource<Outgoing>) -> Result<(), Failure> {
        let value = self.table.delete(value)?;
        Ok(Body::finish(&value.body).await?)
    }

    async fn drop(&mut self, value: Resource<Outgoing>) -> wasmtime::Result<()> {
        Body::close(&self.table.delete(value)?.body);
        Ok(())
    }
}

impl types::HostIncomingValue for View<'_> {
    async fn incoming_value_consume_sync(
        &mut self,
        value: Resource<Incoming>,
    ) -> Result<Vec<u8>, Failure> {
        let Incoming { mut blob, place: _place } = self.table.delete(value)?;
        if blob.size_bytes > MAX_BUFFERED_BYTES as u64 {
            let size_bytes = blob.size_bytes;
            let what = format!(
                "the value has {size_bytes} bytes: consume more than {MAX_BUFFERED_BYTES} as a \
                 stream"
            );
            return Err(BlobError(what).into());
        }
        let mut bytes = Vec::with_capacity(blob.size_bytes as usize);
        while let Some(part) = blob.parts.next().await {
            bytes.extend_from_slice(&part?);
        }
        Ok(bytes)
    }

    async fn incoming_value_consume_async(
        &mut self,
        value: Resource<Incoming>,
    ) -> Result<Resource<DynInputStream>, Failure> {
        let Incoming { blob, place } = self.table.delete(value)?;
        let input: DynInputStream = Box::new(Input::new(blob, place));
        Ok(self.table.push(input)?)
    }

    async fn size(&mut self, value: Resource<Incoming>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&value)?.blob.size_bytes)
    }

    async fn drop(&mut self, value: Resource<Incoming>) -> wasmtime::Result<()> {
        self.table.delete(value)?;
        Ok(())
    }
}
