;; A sensor loop: takes readings, logs those above 200, keeps the largest.
(component
  (import "bench:board/pins@0.1.0" (instance $pins
    (export "read" (func (param "pin" u32) (result u32)))))
  (import "bench:board/keys@0.1.0" (instance $keys
    (export "get" (func (param "key" string) (result (option (list u8)))))
    (export "set" (func (param "key" string) (param "value" (list u8)) (result (result))))))
  (import "wasi:clocks/monotonic-clock@0.2.12" (instance $clock
    (export "now" (func (result u64)))))
  (import "wasi:random/insecure@0.2.12" (instance $random
    (export "get-insecure-random-u64" (func (result u64)))))
  (import "wasi:logging/logging@0.1.0-draft" (instance $logging
    (type $words (enum "trace" "debug" "info" "warn" "error" "critical"))
    (export "level" (type $level (eq $words)))
    (export "log" (func (param "level" $level) (param "context" string) (param "message" string)))))
  (core module $libc
    (memory (export "memory") 512 (pagesize 1))
    (global $next (mut i32) (i32.const 256))
    ;; Every call of `watch` begins with an empty heap.
    (func (export "reset") (global.set $next (i32.const 256)))
    (func (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (if (i32.gt_u (global.get $next) (i32.const 512)) (then unreachable))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (core func $read (canon lower (func $pins "read")))
  (core func $now (canon lower (func $clock "now")))
  (core func $random (canon lower (func $random "get-insecure-random-u64")))
  (core func $get (canon lower (func $keys "get")
    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core func $set (canon lower (func $keys "set") (memory (core memory $libc "memory"))))
  (core func $log (canon lower (func $logging "log") (memory (core memory $libc "memory"))))
  (core module $m
    (import "libc" "memory" (memory 512 (pagesize 1)))
    (import "libc" "reset" (func $reset))
    (import "host" "read" (func $read (param i32) (result i32)))
    (import "host" "now" (func $now (result i64)))
    (import "host" "random" (func $random (result i64)))
    (import "host" "get" (func $get (param i32 i32 i32)))
    (import "host" "set" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))
    (data (i32.const 16) "sensor")
    (data (i32.const 32) "above 200")
    (data (i32.const 48) "largest")
    (func (export "watch") (param $count i32) (result i32)
      (local $sum i32) (local $reading i32) (local $largest i32) (local $before i64)
      (call $reset)
      ;; The largest so far: at 80 whether there is one, then where, and how long.
      (call $get (i32.const 48) (i32.const 7) (i32.const 80))
      (if (i32.load8_u (i32.const 80)) (then
        (if (i32.eq (i32.load (i32.const 88)) (i32.const 4)) (then
          (local.set $largest (i32.load align=1 (i32.load (i32.const 84))))))))
      (loop $more
        ;; A clock that goes backwards is a broken host.
        (local.set $before (call $now))
        ;; One of four sensors, whichever.
        (local.set $reading (call $read (i32.add (i32.const 16)
          (i32.and (i32.wrap_i64 (call $random)) (i32.const 3)))))
        (if (i64.lt_u (call $now) (local.get $before)) (then unreachable))
        (local.set $sum (i32.add (local.get $sum) (local.get $reading)))
        (if (i32.gt_u (local.get $reading) (i32.const 200)) (then
          (call $log (i32.const 3) (i32.const 16) (i32.const 6) (i32.const 32) (i32.const 9))))
        (if (i32.gt_u (local.get $reading) (local.get $largest)) (then
          (local.set $largest (local.get $reading))
          (i32.store (i32.const 96) (local.get $largest))
          (if (call $set (i32.const 48) (i32.const 7) (i32.const 96) (i32.const 4))
            (then unreachable))))
        (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (local.get $sum)))
  (core instance $i (instantiate $m
    (with "libc" (instance $libc))
    (with "host" (instance
      (export "read" (func $read)) (export "now" (func $now)) (export "random" (func $random))
      (export "get" (func $get)) (export "set" (func $set)) (export "log" (func $log))))))
  (func (export "watch") (param "count" u32) (result u32)
    (canon lift (core func $i "watch"))))
