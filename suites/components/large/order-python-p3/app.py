"""`order-python-p3`: adds up the order that is posted to `/order`, through wasi:http 0.3.

The suite `languages` asks guests in several languages for the same; this one is Python's. `GET /`
answers `hello`. Nothing is kept from one request to the next.
"""

import componentize_py_async_support
import wit_world
from componentize_py_types import Ok
from wit_world import exports
from wit_world.imports.wasi_http_types import Fields, Method_Get, Method_Post, Request, Response

import order

# The largest piece read at once.
CHUNK_BYTES = 64 * 1024


class Handler(exports.Handler):
    async def handle(self, request):
        match request.get_method(), request.get_path_with_query():
            case Method_Get(), "/":
                return answer(200, b"text/plain", b"hello")
            case Method_Post(), order.PATH:
                return answer(*order.answer_to(await read(request)))
            case _:
                return answer(404, b"text/plain", b"not found")


async def read(request):
    """The whole body; of one that breaks off, what came, which is no order then."""
    # Tells the host how handling the request went: well, which the default says.
    handled = wit_world.result_unit_wasi_http_types_error_code_future(lambda: Ok(None))[1]
    body, _trailers = Request.consume_body(request, handled)
    chunks = []
    with body:
        while not body.writer_dropped:
            chunks.append(await body.read(CHUNK_BYTES))
    return b"".join(chunks)


def answer(status, content_type, body):
    headers = Fields.from_list([("content-type", content_type)])
    trailers = wit_world.result_option_wasi_http_types_fields_wasi_http_types_error_code_future(
        lambda: Ok(None)
    )[1]
    writer, reader = wit_world.byte_stream()
    response, _transmitted = Response.new(headers, reader, trailers)
    response.set_status_code(status)
    # The host reads the body only once it has the response.
    componentize_py_async_support.spawn(write(writer, body))
    return response


async def write(writer, body):
    with writer:
        await writer.write_all(body)
