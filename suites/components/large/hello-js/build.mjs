// Makes the component: `node build.mjs WIT OUTPUT`, where WIT has the texts of wasi:http 0.2.
//
// The engine's state after loading the script is part of the component, so everything that would be
// different in another run is fixed here and in `wizer.mjs`: the same inputs give the same bytes.

import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize } from "@bytecodealliance/componentize-js";

// What the engine was built for; a host of any later 0.2 offers all of it.
const ENGINE_WASI = "0.2.10";

const here = dirname(fileURLToPath(import.meta.url));
const [wit, output] = process.argv.slice(2).map((path) => resolve(path));

// componentize-js works in a folder of a random name below the system's temporary one, and names it
// to the engine.
const workFolder = "/tmp";
const random = 0.5;
process.env.TMPDIR = workFolder;
Math.random = () => random;
const workName = createHash("sha256").update(random.toString()).digest("hex").slice(0, 12);
rmSync(join(workFolder, workName), { recursive: true, force: true });

const engineWit = join(here, "wit");
cpSync(wit, engineWit, { recursive: true });
for (const name of readdirSync(engineWit, { recursive: true })) {
  if (!name.endsWith(".wit")) continue;
  const path = join(engineWit, name);
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(/\b0\.2\.\d+\b/g, ENGINE_WASI));
}

// It is started without an environment, where `node` may not be found; a shell would add to it.
const wizer = join(here, "wizer-as-program.mjs");
const script = readFileSync(join(here, "wizer.mjs"), "utf8");
writeFileSync(wizer, `#!${process.execPath}\n${script}`, { mode: 0o755 });

// The one script beside this file.
const source = readdirSync(here).find((name) => name.endsWith(".js"));
const { component } = await componentize(readFileSync(join(here, source), "utf8"), {
  witPath: engineWit,
  worldName: "wasi:http/proxy",
  wizerBin: wizer,
});
writeFileSync(output, component);
