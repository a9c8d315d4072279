;; Misbehaves in every way a host has to survive.
(component
  (core module $m
    (memory 64 (pagesize 1))
    (func (export "trap") unreachable)
    (func (export "turn") (loop $ever (br $ever)))
    ;; Grows and writes until refused, then gives up the way Rust does.
    (func (export "eat")
      (local $old i32)
      (loop $more
        (local.set $old (memory.grow (i32.const 1024)))
        (if (i32.eq (local.get $old) (i32.const -1)) (then unreachable))
        (memory.fill (local.get $old) (i32.const 0x55) (i32.const 1024))
        (br $more))))
  (core instance $i (instantiate $m))
  (func (export "trap") (canon lift (core func $i "trap")))
  (func (export "turn") (canon lift (core func $i "turn")))
  (func (export "eat") (canon lift (core func $i "eat"))))
