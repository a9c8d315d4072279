"""Makes the core module: `python build.py WIT OUTPUT`, beside the bindings `guest.c` and `guest.h`."""

import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
output = os.path.abspath(sys.argv[2])
# Else what zig has compiled for somebody else, in the user's folders, would be taken.
caches = {name: os.path.join(here, "zig-cache") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
# A reactor: no `main`, but functions that the host calls. Small before fast, like the guests in Rust.
words = "cc -target wasm32-wasi -mexec-model=reactor -Oz -g0 -flto -Wall -Wextra -Werror"
subprocess.run(
    [sys.executable, "-m", "ziglang", *words.split(), f"-ffile-prefix-map={here}=/guest", "-Wl,-s"]
    + ["order.c", "guest.c", "guest_component_type.o", "-o", output],
    cwd=here,
    env=os.environ | caches,
    check=True,
)
