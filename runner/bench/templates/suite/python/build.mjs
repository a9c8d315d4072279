// Makes the component: `node build.mjs WIT OUTPUT`, where WIT has the texts of wasi:http 0.2.
// Python's own tools come from PyPI, into a folder that goes with the build.

import { execFileSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [wit, output] = process.argv.slice(2).map((path) => resolve(path));
const run = (program, ...words) =>
  execFileSync(program, words, { cwd: here, stdio: ["ignore", "inherit", "inherit"] });

const python = join(here, "python");
run("python3", "-m", "venv", python);
run(join(python, "bin/pip"), "install", "--quiet", "--requirement", "requirements.txt");
const componentize = join(python, "bin/componentize-py");
run(componentize, "-d", wit, "-w", "wasi:http/proxy", "componentize", "app", "-o", output);
