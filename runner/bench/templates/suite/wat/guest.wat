;; Answers every request with `hello`, through wasi:http 0.2, by hand: what a compiler would
;; add can be left out. Names and parameters are those of the canonical ABI.
(module
  (import "wasi:http/types@0.2.12" "[resource-drop]incoming-request"
    (func $drop_request (param i32)))
  (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.12" "[method]fields.append"
    (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.12" "[constructor]outgoing-response"
    (func $response (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[static]outgoing-body.finish"
    (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.12" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
    (func $flush (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.12" "[resource-drop]output-stream" (func $drop_stream (param i32)))

  (memory (export "memory") 1)
  (data (i32.const 64) "content-type")
  (data (i32.const 80) "text/plain")
  (data (i32.const 96) "hello")

  ;; Every result lands at 0: its case as a byte, and from 4 on the handle that is asked for.
  (func $expect (result i32)
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (i32.load (i32.const 4)))

  (func (export "wasi:http/incoming-handler@0.2.12#handle") (param $request i32) (param $out i32)
    (local $headers i32) (local $answer i32) (local $content i32) (local $stream i32)
    (call $drop_request (local.get $request))
    (local.set $headers (call $fields))
    (call $append (local.get $headers)
      (i32.const 64) (i32.const 12) (i32.const 80) (i32.const 10) (i32.const 0))
    (drop (call $expect))
    (local.set $answer (call $response (local.get $headers)))
    (call $body (local.get $answer) (i32.const 0))
    (local.set $content (call $expect))
    (call $set (local.get $out) (i32.const 0) (local.get $answer)
      (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write (local.get $content) (i32.const 0))
    (local.set $stream (call $expect))
    (call $flush (local.get $stream) (i32.const 96) (i32.const 5) (i32.const 0))
    (drop (call $expect))
    (call $drop_stream (local.get $stream))
    (call $finish (local.get $content) (i32.const 0) (i32.const 0) (i32.const 0))
    (drop (call $expect)))

  ;; Only the text of an error would need memory; an error ends this guest.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable))
