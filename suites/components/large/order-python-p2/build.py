"""Makes the component: `python build.py WIT OUTPUT`, where WIT has the texts of wasi:http 0.2 or 0.3.

Python's memory after loading the script is part of the component, so everything that is seen meanwhile
and would be different in another run is fixed: the clock and randomness by `fixed.c`, the seed of hashes
by a variable, and the numbers of files and of their device, which WASI makes into one number a file, by
a file system that is new and mounted where nobody else sees it, until its number is the wanted one.
"""

import os
import shutil
import subprocess
import sys

# Minor number of the file system: above what a machine has in use, or it would never be reached.
DEVICE = 500
MOUNTED = "/mnt"

here = os.path.dirname(os.path.abspath(__file__))


def outside():
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", "fixed.so", "fixed.c"], cwd=here, check=True)
    alone = ["unshare", "--map-root-user", "--mount", sys.executable, __file__, *sys.argv[1:], "inside"]
    if subprocess.run(alone).returncode != 0:
        raise SystemExit("failed; it needs a machine that permits user namespaces to this user")


def inside(wit, output):
    while os.stat(MOUNTED).st_dev != os.makedev(0, DEVICE):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", MOUNTED], check=True)
        if os.minor(os.stat(MOUNTED).st_dev) > DEVICE:
            raise SystemExit(f"the device number {DEVICE} is in use on this machine")
    work = os.path.join(MOUNTED, "work")
    os.makedirs(os.path.join(work, "temporary"))
    # In an order that is the same each time, like their numbers.
    for script in sorted(name for name in os.listdir(here) if name.endswith(".py") and name != "build.py"):
        shutil.copy(os.path.join(here, script), work)
    environment = {
        "LD_PRELOAD": os.path.join(here, "fixed.so"),
        "PYTHONHASHSEED": "0",
        "TMPDIR": os.path.join(work, "temporary"),
    }
    componentize = os.path.join(os.path.dirname(sys.executable), "componentize-py")
    world = "wasi:http/service" if output.endswith("-p3.wasm") else "wasi:http/proxy"
    words = ["-d", wit, "-w", world, "componentize", "app", "-o", output]
    subprocess.run([componentize, *words], cwd=work, env=environment, check=True)


if sys.argv[3:] == ["inside"]:
    inside(*sys.argv[1:3])
else:
    outside()
