"""`order-python-p2`: adds up the order that is posted to `/order`, through wasi:http 0.2.

The suite `languages` asks guests in several languages for the same; this one is Python's. `GET /`
answers `hello`. Nothing is kept from one request to the next.
"""

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports.types import (
    Fields,
    Method_Get,
    Method_Post,
    OutgoingBody,
    OutgoingResponse,
    ResponseOutparam,
)

import order

# The largest piece read at once.
CHUNK_BYTES = 64 * 1024


class IncomingHandler(exports.IncomingHandler):
    def handle(self, request, response_out):
        match request.method(), request.path_with_query():
            case Method_Get(), "/":
                answer(response_out, 200, b"text/plain", b"hello")
            case Method_Post(), order.PATH:
                answer(response_out, *order.answer_to(read(request)))
            case _:
                answer(response_out, 404, b"text/plain", b"not found")


def read(request):
    """The whole body; of one that breaks off, what came, which is no order then."""
    chunks = []
    with request.consume() as body, body.stream() as stream:
        try:
            while True:
                chunks.append(stream.blocking_read(CHUNK_BYTES))
        except Err:
            return b"".join(chunks)


def answer(response_out, status, content_type, body):
    response = OutgoingResponse(Fields.from_list([("content-type", content_type)]))
    response.set_status_code(status)
    outgoing = response.body()
    ResponseOutparam.set(response_out, Ok(response))
    # The stream is a child of the body and must be gone before the body is finished.
    with outgoing.write() as stream:
        stream.blocking_write_and_flush(body)
    OutgoingBody.finish(outgoing, None)
