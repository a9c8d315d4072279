;; One call of each kind, as a component without a memory.
(component
  (import "bench:board/pins@0.1.0" (instance $pins
    (export "read" (func (param "pin" u32) (result u32)))))
  (core func $read (canon lower (func $pins "read")))
  (core module $m
    (import "pins" "read" (func $read (param i32) (result i32)))
    (func (export "plain") (param $x i32) (result i32)
      (i32.add (local.get $x) (i32.const 1)))
    (func (export "sample") (param $pin i32) (result i32)
      (call $read (local.get $pin)))
    (func (export "samples") (param $pin i32) (param $count i32) (result i32)
      (local $sum i32)
      (loop $more
        (local.set $sum (i32.add (local.get $sum) (call $read (local.get $pin))))
        (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (local.get $sum))
    (func (export "turns") (param $count i32) (result i32)
      (local $sum i32)
      (loop $more
        (local.set $sum (i32.add (local.get $sum) (local.get $count)))
        (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
      (local.get $sum))
    (func (export "fail") unreachable))
  (core instance $i (instantiate $m
    (with "pins" (instance (export "read" (func $read))))))
  (func (export "plain") (param "x" u32) (result u32) (canon lift (core func $i "plain")))
  (func (export "sample") (param "pin" u32) (result u32) (canon lift (core func $i "sample")))
  (func (export "samples") (param "pin" u32) (param "count" u32) (result u32)
    (canon lift (core func $i "samples")))
  (func (export "turns") (param "count" u32) (result u32) (canon lift (core func $i "turns")))
  (func (export "fail") (canon lift (core func $i "fail"))))
