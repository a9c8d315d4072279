// Makes the component: `node build.mjs WIT OUTPUT`, where WIT has the texts of wasi:http 0.2.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco";

const here = dirname(fileURLToPath(import.meta.url));
const [wit, output] = process.argv.slice(2).map((path) => resolve(path));

const binary = await parse(readFileSync(join(here, "guest.wat"), "utf8"));
const embedded = await componentEmbed({ binary, witPath: wit, worldName: "wasi:http/proxy" });
writeFileSync(output, await componentNew(embedded, []));
