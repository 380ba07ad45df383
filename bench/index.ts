/**
 * Measures training steps and more: `pnpm bench [all | WORK …] [--engines a,b] [--peers torch,tfjs-wasm,tfjs-native,
 * jax-js] [--python PATH] [--rounds N] [--json FILE]`, `pnpm bench --install-peers`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { circumstances } from "./circumstances.ts";
import type { Measurement } from "./measurement.ts";
import { combine, table } from "./rounds.ts";
import { works } from "./works/index.ts";

/** The engines of each peer. */
const peerEngines = {
  torch: ["torch", "torch-compiled"],
  "tfjs-wasm": ["tfjs-wasm"],
  "tfjs-native": ["tfjs-native"],
  "jax-js": ["jax-js"],
} as const;
type Peer = keyof typeof peerEngines;

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

const known = Object.keys(works);
const unknown = positionals.find((name) => name !== "all" && works[name] === undefined);
if (unknown !== undefined) fail(`there is no workload "${unknown}"; use all, or some of ${known.join(", ")}`);
const peers = (values.peers?.split(",") ?? []) as Peer[];
const stranger = peers.find((name) => !Object.hasOwn(peerEngines, name));
if (stranger !== undefined) fail(`there is no peer "${stranger}"; use ${Object.keys(peerEngines).join(", ")}`);
if (peers.includes("torch") && !existsSync(values.python))
  fail(`there is no Python at ${values.python}; run "pnpm bench --install-peers" first, or pass --python`);
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds is ${values.rounds}; use a whole number, 1 or more`);

const usual = known.filter((name) => works[name]!.onRequest !== true);
const named = positionals.includes("all") ? known : positionals.length > 0 ? positionals : usual;
const names = [...new Set(named.flatMap((name) => [works[name]!.baseline ?? name, name]))];
const runs = names.flatMap((work) =>
  enginesFor(work).map((engine) => ({ work, engine, measured: [] as Measurement[] })),
);
const where = circumstances();
// Workloads and engines take turns, so that a drift in the speed of the machine affects all of them equally.
for (let round = 0; round < rounds; round++) {
  for (const { work, engine, measured } of runs) {
    process.stderr.write(`${work} on ${engine}, round ${round + 1} of ${rounds}\n`);
    measured.push(measure(work, engine));
  }
}
const results = combine(runs, {
  peers: Object.fromEntries(peers.map((name) => [name, peerEngines[name]])),
  baselines: Object.fromEntries(names.map((name) => [name, works[name]!.baseline])),
});
console.log(table(results));
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ ...where, rounds, results }, null, 2)}\n`);

/** The engines that can do a workload, the peers' first. */
function enginesFor(name: string): readonly string[] {
  const { torch, peers: others = [], routine = false } = works[name]!;
  const able = peers.filter((peer) => (peer === "torch" ? torch !== undefined : others.includes(peer)));
  const own = values.engines.split(",").filter((engine) => !routine || !engine.endsWith("-compiled"));
  return [...able.flatMap((peer): readonly string[] => peerEngines[peer]), ...own];
}

function measure(name: string, engine: string): Measurement {
  const [script, ...words] = works[name]!.torch ?? [];
  const [program, ...line] = engine.startsWith("torch")
    ? [values.python, join(folder, "peers", script!), ...words, engine, name]
    : [process.execPath, "--import", "tsx", "--conditions=source", join(folder, programOf(engine)), name, engine];
  const { status, stdout, stderr } = spawnSync(program!, line, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) fail(`${name} on ${engine} failed:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Measurement;
}

function programOf(engine: string): string {
  if (engine.startsWith("tfjs-") && engine !== "tfjs-node") return "peers/tfjs.ts";
  return engine === "jax-js" ? "peers/jax-js.ts" : "run-work.ts";
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
