"""Makes the core module: `python build.py WIT OUTPUT`, beside the bindings and what they rest on."""

import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
output = os.path.abspath(sys.argv[2])
settings = {
    "GOOS": "wasip1",
    "GOARCH": "wasm",
    "GOCACHE": os.path.join(here, "go-cache"),
    "GOENV": "off",
    "GOFLAGS": "",
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}
# A library: no `main`, but functions that the host calls; they use functions of Go's runtime that are
# not meant for others, which the linker has to be told. Without symbols, paths or an identity of the build.
words = ["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false"]
flags = "-ldflags=-s -w -buildid= -checklinkname=0"
go = os.path.join(os.path.dirname(sys.executable), "go")
subprocess.run([go, *words, flags, "-o", output, "."], cwd=here, env=os.environ | settings, check=True)
