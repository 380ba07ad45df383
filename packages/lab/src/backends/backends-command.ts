import { jsonOption, printJson, readCommandLine } from "../command/command-line.ts";
import { columns } from "../columns.ts";
import { showMilliseconds } from "./choose-backend.ts";
import { installCommand, installedBackends, knownBackends, packageOf, type InstalledBackend } from "./installed.ts";
import { measureAll } from "./measured.ts";
import type { ProbeResult } from "./probe-backend.ts";
import { usualPlaces } from "./use-fastest.ts";

/** How long each backend is measured, in milliseconds. */
const milliseconds = 1_000;

type Listed = InstalledBackend & ProbeResult;

export const usage = {
  usage: "ansatz backends    list the installed backends, measure them, and show how to install the others",
  options: { json: jsonOption },
  names: { what: "nothing", least: 0, most: 0 },
} as const;

/**
 * Runs `ansatz backends` with these words. It measures each backend in its own process, so that a broken one does not
 * stop the others.
 * @throws UsageError for words that it cannot read
 */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const places = usualPlaces();
  const installed = installedBackends(places);
  const listed = await measureAll(installed, { milliseconds, fresh: true });
  const missing = knownBackends.filter((name) => !installed.some((backend) => backend.name === name));
  if (read.options.json)
    printJson({
      installed: listed,
      missing: missing.map((name) => ({ name, package: packageOf(name), install: installCommand(name) })),
    });
  else console.log(describe(listed, missing));
}

function describe(listed: readonly Listed[], missing: readonly string[]): string {
  const works = listed
    .filter((backend): backend is Listed & { works: true } => backend.works)
    .toSorted((a, b) => a.speed.stepMilliseconds - b.speed.stepMilliseconds);
  const rows = [
    ["backend", "version", "device", "ops: native", "own kernels", "composed", "matmul 512", "training step"],
    ...works.map(({ name, version, device, ops, speed }) => [
      name,
      version,
      device,
      ops.native.toString(),
      ops.own.toString(),
      ops.composed.toString(),
      `${Number(speed.gigaflops.toPrecision(3))} GFLOP/s`,
      showMilliseconds(speed.stepMilliseconds),
    ]),
  ];
  const parts = works.length === 0 ? ["No backend works here."] : [columns(rows)];
  parts.push(
    ...listed.flatMap((backend) =>
      backend.works
        ? []
        : [`${backend.name} ${backend.version} does not work:\n  ${backend.reason.replaceAll("\n", "\n  ")}`],
    ),
  );
  if (missing.length > 0)
    parts.push(`Not installed:\n${columns(missing.map((name) => [`  ${name}`, installCommand(name)]))}`);
  if (works.length > 1) parts.push("The fastest is used unless --backend or ANSATZ_BACKEND names another.");
  return parts.join("\n\n");
}
