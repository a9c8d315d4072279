;; Answers requests shaped like those of HTTP:
;;   GET /reading   200, what sensor 16 reads, in decimal
;;   GET /count     200, the how many-th time this is asked, in decimal
;;   PUT /led       204, and output 0 goes to the level in the body, 0 or 1
;;   POST /echo     200, the body
;;   anything else  404
(component
  (import "bench:board/pins@0.1.0" (instance $pins
    (export "read" (func (param "pin" u32) (result u32)))
    (export "write" (func (param "pin" u32) (param "high" bool)))))
  (import "bench:board/keys@0.1.0" (instance $keys
    (export "get" (func (param "key" string) (result (option (list u8)))))
    (export "set" (func (param "key" string) (param "value" (list u8)) (result (result))))))
  (core module $libc
    (memory (export "memory") 1024 (pagesize 1))
    (global $next (mut i32) (i32.const 256))
    (func (export "reset") (global.set $next (i32.const 256)))
    (func (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (if (i32.gt_u (global.get $next) (i32.const 1024)) (then unreachable))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (core func $read (canon lower (func $pins "read")))
  (core func $write (canon lower (func $pins "write")))
  (core func $get (canon lower (func $keys "get")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $set (canon lower (func $keys "set") (memory (core memory $libc "memory"))))
  (core module $m
    (import "libc" "memory" (memory 1024 (pagesize 1)))
    (import "libc" "reset" (func $reset))
    (import "host" "read" (func $read (param i32) (result i32)))
    (import "host" "write" (func $write (param i32 i32)))
    (import "host" "get" (func $get (param i32 i32 i32)))
    (import "host" "set" (func $set (param i32 i32 i32 i32) (result i32)))
    (data (i32.const 16) "GET/reading")
    (data (i32.const 32) "GET/count")
    (data (i32.const 48) "PUT/led")
    (data (i32.const 64) "POST/echo")
    (data (i32.const 80) "not found")
    (func $same (param $a i32) (param $b i32) (param $n i32) (result i32)
      (block $differ
        (loop $next
          (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
          (br_if $differ (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
          (local.set $a (i32.add (local.get $a) (i32.const 1)))
          (local.set $b (i32.add (local.get $b) (i32.const 1)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $next)))
      (i32.const 0))
    ;; Whether method and path are the words at $at, of $m and $n letters.
    (func $asks (param $method i32) (param $methods i32) (param $path i32) (param $paths i32)
                (param $at i32) (param $m i32) (param $n i32) (result i32)
      (if (i32.ne (local.get $methods) (local.get $m)) (then (return (i32.const 0))))
      (if (i32.ne (local.get $paths) (local.get $n)) (then (return (i32.const 0))))
      (i32.and
        (call $same (local.get $method) (local.get $at) (local.get $m))
        (call $same (local.get $path) (i32.add (local.get $at) (local.get $m)) (local.get $n))))
    ;; The answer is at 112: status, and where the body is.
    (func $answer (param $status i32) (param $body i32) (param $size i32) (result i32)
      (i32.store16 (i32.const 112) (local.get $status))
      (i32.store (i32.const 116) (local.get $body))
      (i32.store (i32.const 120) (local.get $size))
      (i32.const 112))
    (func $decimal (param $number i32) (result i32)
      (local $at i32)
      (local.set $at (i32.const 144))
      (loop $digit
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.store8 (local.get $at)
          (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
        (br_if $digit (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
      (call $answer (i32.const 200) (local.get $at) (i32.sub (i32.const 144) (local.get $at))))
    (func $count (result i32)
      (local $count i32)
      (call $get (i32.const 36) (i32.const 5) (i32.const 160))
      (if (i32.load8_u (i32.const 160)) (then
        (if (i32.eq (i32.load (i32.const 168)) (i32.const 4)) (then
          (local.set $count (i32.load align=1 (i32.load (i32.const 164))))))))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (i32.store (i32.const 176) (local.get $count))
      (if (call $set (i32.const 36) (i32.const 5) (i32.const 176) (i32.const 4))
        (then (return (call $answer (i32.const 507) (i32.const 80) (i32.const 0)))))
      (call $decimal (local.get $count)))
    (func (export "handle") (param $method i32) (param $methods i32) (param $path i32)
                            (param $paths i32) (param $body i32) (param $size i32) (result i32)
      (if (call $asks (local.get $method) (local.get $methods) (local.get $path)
                      (local.get $paths) (i32.const 16) (i32.const 3) (i32.const 8))
        (then (return (call $decimal (call $read (i32.const 16))))))
      (if (call $asks (local.get $method) (local.get $methods) (local.get $path)
                      (local.get $paths) (i32.const 32) (i32.const 3) (i32.const 6))
        (then (return (call $count))))
      (if (call $asks (local.get $method) (local.get $methods) (local.get $path)
                      (local.get $paths) (i32.const 48) (i32.const 3) (i32.const 4))
        (then
          (if (i32.ne (local.get $size) (i32.const 1))
            (then (return (call $answer (i32.const 400) (i32.const 80) (i32.const 0)))))
          (call $write (i32.const 0) (i32.and (i32.load8_u (local.get $body)) (i32.const 1)))
          (return (call $answer (i32.const 204) (i32.const 80) (i32.const 0)))))
      (if (call $asks (local.get $method) (local.get $methods) (local.get $path)
                      (local.get $paths) (i32.const 64) (i32.const 4) (i32.const 5))
        (then (return (call $answer (i32.const 200) (local.get $body) (local.get $size)))))
      (call $answer (i32.const 404) (i32.const 80) (i32.const 9)))
    ;; The request and the answer are done with.
    (func (export "done") (param i32) (call $reset)))
  (core instance $i (instantiate $m
    (with "libc" (instance $libc))
    (with "host" (instance
      (export "read" (func $read)) (export "write" (func $write))
      (export "get" (func $get)) (export "set" (func $set))))))
  (func (export "handle")
    (param "method" string) (param "path" string) (param "body" (list u8))
    (result (tuple u16 (list u8)))
    (canon lift (core func $i "handle")
      (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))
      (post-return (core func $i "done")))))
