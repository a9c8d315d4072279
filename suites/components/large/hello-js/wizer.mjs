// Runs wizer, which loads the script into the engine and keeps its memory, with a fixed clock and
// fixed random bytes instead of this machine's: they decide where the engine puts things. The
// component itself has the host's clock and randomness, as if nothing had happened.
//
// Takes wizer's arguments: `... -o=OUTPUT INPUT`. Changes INPUT.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import wizer from "@bytecodealliance/wizer";
import binaryen from "binaryen";

const WASI = "wasi_snapshot_preview1";

// What each import is replaced by, given its parameters.
const FIXED = {
  // (pointer, length): not zeros, of which the engine would ask for more.
  random_get: (module, [pointer, length]) =>
    module.memory.fill(pointer, module.i32.const(0x5a), length),
  // (clock, precision, pointer): the first moment of 2000, in nanoseconds, its low half first.
  clock_time_get: (module, [, , pointer]) =>
    module.i64.store(0, 8, pointer, module.i64.const(0x52430000, 0x0d234ccf)),
};

const args = process.argv.slice(2);
const input = args.at(-1);
const output = args.find((arg) => arg.startsWith("-o=")).slice("-o=".length);

const replaced = edit(input, (module) => {
  const found = [];
  for (let index = 0; index < module.getNumFunctions(); index += 1) {
    const it = binaryen.getFunctionInfo(module.getFunctionByIndex(index));
    if (it.module === WASI && it.base in FIXED) found.push(it);
  }
  if (found.length !== Object.keys(FIXED).length) {
    throw new Error(`replacing ${Object.keys(FIXED)}: the engine imports only ${found.length}`);
  }
  for (const { name, base, params, results } of found) {
    const types = binaryen.expandType(params);
    const body = FIXED[base](module, types.map((type, index) => module.local.get(index, type)));
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.block(null, [body, module.i32.const(0)]));
    // By this it is found again: wizer keeps no names.
    module.addFunctionExport(name, `fixed ${base}`);
  }
  return found;
});

const { status, error } = spawnSync(wizer, args, { stdio: "inherit" });
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);

edit(output, (module) => {
  for (const { base, params, results } of replaced) {
    const { value: name } = binaryen.getExportInfo(module.getExport(`fixed ${base}`));
    module.removeExport(`fixed ${base}`);
    module.removeFunction(name);
    module.addFunctionImport(name, WASI, base, params, results);
  }
});

function edit(path, change) {
  const module = binaryen.readBinary(readFileSync(path));
  module.setFeatures(binaryen.Features.All);
  const result = change(module);
  writeFileSync(path, module.emitBinary());
  module.dispose();
  return result;
}
