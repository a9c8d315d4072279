;; The probe as a core module: what the component model adds is the difference.
(module
  (import "bench:board/pins@0.1.0" "read" (func $read (param i32) (result i32)))
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
