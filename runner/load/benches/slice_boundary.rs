//! Prints what closing one slice costs with a probe that reads nothing: the
//! floor under every per-slice figure.

fn main() {
    load::slice_boundary_ns(10_000, || ());
    for _ in 0..5 {
        println!("{:.0} ns per slice boundary", load::slice_boundary_ns(100_000, || ()));
    }
}
