// `order-c-p2`: adds up the order that is posted to `/order`, through wasi:http 0.2.
//
// The suite `languages` asks guests in several languages for the same; this one is C's. C has no JSON,
// so the reader below is a part of it: it takes what it has to know and skips the rest. `GET /` answers
// `hello`. Nothing is kept from one request to the next.

#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64 * 1024)

// A piece of text, not ended by a zero.
typedef struct {
  const char *at;
  size_t bytes;
} text;

// --- JSON: what is left to read. `NULL` once something was wrong. ---

typedef struct {
  const char *at;
  const char *end;
} reader;

typedef struct {
  unsigned long long lines, units, cents, highest;
  text dearest;
} sum;

static void fail(reader *in) { in->at = NULL; }

// The next character that is no space, not taken; 0 at the end.
static char peek(reader *in) {
  if (!in->at) return 0;
  while (in->at < in->end && strchr(" \t\r\n", *in->at)) in->at++;
  return in->at < in->end ? *in->at : 0;
}

static bool take(reader *in, char wanted) {
  if (peek(in) != wanted) return false;
  in->at++;
  return true;
}

static void expect(reader *in, char wanted) {
  if (!take(in, wanted)) fail(in);
}

// A string as it is written, its quotes and escapes with it.
static text string(reader *in) {
  peek(in);
  const char *start = in->at;
  expect(in, '"');
  while (in->at && in->at < in->end && *in->at != '"') in->at += *in->at == '\\' ? 2 : 1;
  if (!in->at || in->at >= in->end) {
    fail(in);
    return (text){NULL, 0};
  }
  in->at++;
  return (text){start, in->at - start};
}

static unsigned long long number(reader *in) {
  unsigned long long value = 0;
  char digit = peek(in);
  if (digit < '0' || digit > '9') fail(in);
  while (in->at && in->at < in->end && *in->at >= '0' && *in->at <= '9') {
    value = value * 10 + (*in->at++ - '0');
  }
  return value;
}

static void skip(reader *in);

// Calls `member` for each member of an object, before its value.
static void object(reader *in, void (*member)(reader *, text, void *), void *to) {
  expect(in, '{');
  if (take(in, '}')) return;
  do {
    text key = string(in);
    expect(in, ':');
    if (!in->at) return;
    member(in, key, to);
  } while (take(in, ','));
  expect(in, '}');
}

static void array(reader *in, void (*element)(reader *, void *), void *to) {
  expect(in, '[');
  if (take(in, ']')) return;
  do {
    element(in, to);
  } while (take(in, ','));
  expect(in, ']');
}

static void skip_member(reader *in, text key, void *to) {
  (void)key, (void)to;
  skip(in);
}

static void skip_element(reader *in, void *to) {
  (void)to;
  skip(in);
}

// Any value.
static void skip(reader *in) {
  switch (peek(in)) {
  case '{':
    object(in, skip_member, NULL);
    return;
  case '[':
    array(in, skip_element, NULL);
    return;
  case '"':
    string(in);
    return;
  }
  // A number, true, false or null.
  if (!in->at || in->at == in->end || strchr(",:]}", *in->at)) {
    fail(in);
    return;
  }
  while (in->at < in->end && !strchr(" \t\r\n,:]}", *in->at)) in->at++;
}

// --- The order. ---

typedef struct {
  text name;
  unsigned long long cents, count;
  bool has_cents, has_count;
} line;

static bool is(text key, const char *name) {
  size_t bytes = strlen(name);
  return key.bytes == bytes + 2 && memcmp(key.at + 1, name, bytes) == 0;
}

static void line_member(reader *in, text key, void *to) {
  line *line = to;
  if (is(key, "name")) {
    line->name = string(in);
  } else if (is(key, "cents")) {
    line->cents = number(in), line->has_cents = true;
  } else if (is(key, "count")) {
    line->count = number(in), line->has_count = true;
  } else {
    skip(in);
  }
}

static void add_line(reader *in, void *to) {
  sum *sum = to;
  line line = {0};
  object(in, line_member, &line);
  if (!line.name.at || !line.has_cents || !line.has_count) {
    fail(in);
    return;
  }
  // The dearest is the first of those with the highest price.
  if (sum->lines++ == 0 || line.cents > sum->highest) {
    sum->highest = line.cents;
    sum->dearest = line.name;
  }
  sum->units += line.count;
  sum->cents += line.cents * line.count;
}

static void order_member(reader *in, text key, void *to) {
  if (is(key, "lines")) {
    array(in, add_line, to);
  } else {
    skip(in);
  }
}

// Whether the text is an order, which is added up.
static bool add_up(text body, sum *to) {
  reader in = {body.at, body.at + body.bytes};
  object(&in, order_member, to);
  return peek(&in) == 0 && in.at == in.end && to->lines > 0;
}

// --- Requests. ---

static text literal(const char *string) { return (text){string, strlen(string)}; }

// The whole body, to be freed; of one that breaks off, what came, which is no order then.
static text read_body(wasi_http_types_borrow_incoming_request_t request) {
  wasi_http_types_own_incoming_body_t body;
  wasi_http_types_own_input_stream_t stream;
  if (!wasi_http_types_method_incoming_request_consume(request, &body)) abort();
  if (!wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(body), &stream))
    abort();
  char *bytes = NULL;
  size_t length = 0;
  guest_list_u8_t chunk;
  wasi_io_streams_stream_error_t error;
  while (wasi_io_streams_method_input_stream_blocking_read(wasi_io_streams_borrow_input_stream(stream),
                                                           CHUNK_BYTES, &chunk, &error)) {
    bytes = realloc(bytes, length + chunk.len);
    if (!bytes && length + chunk.len > 0) abort();
    if (chunk.len > 0) memcpy(bytes + length, chunk.ptr, chunk.len);
    length += chunk.len;
    guest_list_u8_free(&chunk);
  }
  if (error.tag == WASI_IO_STREAMS_STREAM_ERROR_LAST_OPERATION_FAILED)
    wasi_io_error_error_drop_own(error.val.last_operation_failed);
  wasi_io_streams_input_stream_drop_own(stream);
  wasi_http_types_incoming_body_drop_own(body);
  return (text){bytes, length};
}

// What follows aborts on what only a host that breaks the contract of wasi:http can refuse.
static void answer(wasi_http_types_own_response_outparam_t out, unsigned status, const char *type,
                   text body) {
  wasi_http_types_tuple2_field_name_field_value_t entry = {
      .f0 = {(uint8_t *)"content-type", strlen("content-type")},
      .f1 = {(uint8_t *)type, strlen(type)},
  };
  wasi_http_types_list_tuple2_field_name_field_value_t entries = {&entry, 1};
  wasi_http_types_own_fields_t headers;
  wasi_http_types_header_error_t refused;
  if (!wasi_http_types_static_fields_from_list(&entries, &headers, &refused)) abort();

  wasi_http_types_own_outgoing_response_t response = wasi_http_types_constructor_outgoing_response(headers);
  wasi_http_types_borrow_outgoing_response_t borrowed = wasi_http_types_borrow_outgoing_response(response);
  if (!wasi_http_types_method_outgoing_response_set_status_code(borrowed, status)) abort();
  wasi_http_types_own_outgoing_body_t outgoing;
  if (!wasi_http_types_method_outgoing_response_body(borrowed, &outgoing)) abort();
  wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = false, .val.ok = response};
  wasi_http_types_static_response_outparam_set(out, &result);

  wasi_http_types_own_output_stream_t stream;
  if (!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(outgoing), &stream))
    abort();
  guest_list_u8_t bytes = {(uint8_t *)body.at, body.bytes};
  wasi_io_streams_stream_error_t broken;
  if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(
          wasi_io_streams_borrow_output_stream(stream), &bytes, &broken))
    abort();
  // The stream is a child of the body and must be gone before the body is finished.
  wasi_io_streams_output_stream_drop_own(stream);
  wasi_http_types_error_code_t error;
  if (!wasi_http_types_static_outgoing_body_finish(outgoing, NULL, &error)) abort();
}

static void answer_order(wasi_http_types_own_response_outparam_t out, text order) {
  sum sum = {0};
  if (!add_up(order, &sum)) {
    answer(out, 400, "text/plain", literal("not an order"));
    return;
  }
  char *body = malloc(160 + sum.dearest.bytes);
  if (!body) abort();
  int bytes = sprintf(body, "{\"lines\":%llu,\"units\":%llu,\"cents\":%llu,\"dearest\":%.*s}", sum.lines,
                      sum.units, sum.cents, (int)sum.dearest.bytes, sum.dearest.at);
  answer(out, 200, "application/json", (text){body, bytes});
  free(body);
}

void exports_wasi_http_incoming_handler_handle(
    exports_wasi_http_incoming_handler_own_incoming_request_t own,
    exports_wasi_http_incoming_handler_own_response_outparam_t out) {
  wasi_http_types_borrow_incoming_request_t request = wasi_http_types_borrow_incoming_request(own);
  wasi_http_types_method_t method;
  wasi_http_types_method_incoming_request_method(request, &method);
  guest_string_t path = {0};
  wasi_http_types_method_incoming_request_path_with_query(request, &path);
  bool is_order = path.len == 6 && memcmp(path.ptr, "/order", 6) == 0;
  if (method.tag == WASI_HTTP_TYPES_METHOD_GET && path.len == 1 && *path.ptr == '/') {
    answer(out, 200, "text/plain", literal("hello"));
  } else if (method.tag == WASI_HTTP_TYPES_METHOD_POST && is_order) {
    text body = read_body(request);
    answer_order(out, body);
    free((char *)body.at);
  } else {
    answer(out, 404, "text/plain", literal("not found"));
  }
  guest_string_free(&path);
  wasi_http_types_method_free(&method);
  wasi_http_types_incoming_request_drop_own(own);
}
