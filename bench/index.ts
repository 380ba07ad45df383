/**
 * Measures training steps: `pnpm bench [WORK …] [--engines a,b] [--peers torch|tfjs] [--python PATH] [--rounds N]
 * [--json FILE]`, `pnpm bench --install-peers`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measurement } from "./measurement.ts";
import { works } from "./works/index.ts";

const folder = import.meta.dirname;
const environment = join(folder, "..", ".cache", "torch");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engines: { type: "string", default: "onnx,onnx-compiled" },
    peers: { type: "string" },
    python: { type: "string", default: join(environment, "bin", "python") },
    rounds: { type: "string", default: "2" },
    json: { type: "string" },
    "install-peers": { type: "boolean", default: false },
  },
});

if (values["install-peers"]) {
  execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
  execFileSync(join(environment, "bin", "pip"), ["install", "torch", "numpy"], { stdio: "inherit" });
  process.exit();
}

const unknown = positionals.find((name) => works[name] === undefined);
if (unknown !== undefined) fail(`there is no workload "${unknown}"; use one of ${Object.keys(works).join(", ")}`);
if (values.peers !== undefined && values.peers !== "torch" && values.peers !== "tfjs")
  fail(`there is no peer "${values.peers}"; use torch or tfjs`);
if (values.peers === "torch" && !existsSync(values.python))
  fail(`there is no Python at ${values.python}; run "pnpm bench --install-peers" first, or pass --python`);

const named =
  positionals.length > 0 ? positionals : Object.keys(works).filter((name) => works[name]!.onRequest !== true);
const names = [...new Set(named.flatMap((name) => [works[name]!.baseline ?? name, name]))];
const own = values.engines.split(",");
/** tfjs with its own autodiff and optimizer, on the same tfjs backend as the engine. */
const plain = (engine: string) => `${engine.replace("-compiled", "")}-plain`;
const peers =
  values.peers === "torch" ? ["torch", "torch-compiled"] : values.peers === "tfjs" ? [...new Set(own.map(plain))] : [];
const engines = [...peers, ...own];
const runs = names.flatMap((name) => engines.map((engine) => ({ name, engine, measured: [] as Measurement[] })));
// Workloads and engines take turns, so that a drift in the speed of the machine affects all of them equally.
for (let round = 0; round < Number(values.rounds); round++) {
  for (const { name, engine, measured } of runs) {
    process.stderr.write(`${name} on ${engine}, round ${round + 1} of ${values.rounds}\n`);
    measured.push(measure(name, engine));
  }
}
const best = runs.map(({ measured }) => combine(measured));
const results = best.map((result) => {
  const { work, engine, medianMs } = result;
  const against = (name: string | undefined, other: string) =>
    best.find((own) => own.work === name && own.engine === other)?.medianMs;
  const peer = against(work, values.peers === "torch" ? "torch" : engine.endsWith("-plain") ? engine : plain(engine));
  const baseline = against(works[work]!.baseline, engine);
  return {
    ...result,
    ...(peer !== undefined && { ratioToPeer: medianMs / peer }),
    ...(baseline !== undefined && { ratioToBaseline: medianMs / baseline }),
  };
});
console.log(table(results));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);

function measure(name: string, engine: string): Measurement {
  const [program, ...words] = engine.startsWith("torch")
    ? [values.python, join(folder, "peers", works[name]!.peer[0]!), ...works[name]!.peer.slice(1), engine, name]
    : [
        process.execPath,
        "--import",
        "tsx",
        "--conditions=source",
        join(folder, engine.endsWith("-plain") ? "peers/tfjs.ts" : "run-work.ts"),
        name,
        engine,
      ];
  const { status, stdout, stderr } = spawnSync(program!, words, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) fail(`${name} on ${engine} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Measurement;
}

/** The round with the lowest median, with the largest memory of all rounds. */
function combine(measured: readonly Measurement[]): Measurement {
  const best = measured.reduce((a, b) => (b.medianMs < a.medianMs ? b : a));
  return { ...best, peakMiB: Math.max(...measured.map(({ peakMiB }) => peakMiB)) };
}

function table(rows: readonly Measurement[]): string {
  const header = ["work", "engine", "median ms", "min ms", "first ms", "peak MiB", "outside %", "× peer", "× baseline"];
  const number = (value: number | undefined, digits: number) => (value === undefined ? "" : value.toFixed(digits));
  const cells = rows.map((r) => [
    r.work,
    r.engine,
    number(r.medianMs, 2),
    number(r.minMs, 2),
    number(r.firstStepMs, 0),
    number(r.peakMiB, 0),
    number(r.outsidePercent, 1),
    number(r.ratioToPeer, 2),
    number(r.ratioToBaseline, 2),
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  return [header, ...cells]
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .join("\n");
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
