import { columns } from "../columns.ts";
import { groupings, groupKernels, type Profile } from "./profile.ts";

/** How many groups a table shows. */
const shown = 15;
/** The greatest width of a name in a table. */
const widest = 64;

/**
 * A profile as text: the parts of a step, then its kernels by module, by op and by kernel.
 *
 * @example
 * const parts = { tracing: 1, feeding: 0, session: 3, update: 0 };
 * const measured = { experiment: "line", backend: "cpu", device: undefined, steps: 1, milliseconds: 4, parts };
 * const profile = { ...measured, javascript: [], compiling: 0, peakMemory: 0, kernels: [] };
 * profileTable(profile).includes("75.0 %") // true
 */
export function profileTable(profile: Profile): string {
  const { experiment, backend, device, steps, milliseconds, parts, compiling, peakMemory, kernels, javascript } =
    profile;
  const share = (part: number) => `${((100 * part) / milliseconds).toFixed(1)} %`;
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const table = (rows: readonly (readonly string[])[]) => columns(rows, true);
  const heading =
    `A step of ${experiment} on ${backend}${device === undefined ? "" : ` (${device})`} takes ` +
    `${milliseconds.toFixed(2)} ms, the mean of ${steps}. Compiling took ${compiling.toFixed(0)} ms in all, and the ` +
    `process had up to ${mebibytes(peakMemory)} MiB of memory.`;
  const whole = table([
    ["part", "ms", "share"],
    ...Object.entries(parts).map(([name, part]: [string, number]) => [name, part.toFixed(2), share(part)]),
  ]);
  const host = table([
    ["in JavaScript", "ms", "share"],
    ...javascript.slice(0, shown).map(({ name, milliseconds: ms }) => [name, ms.toFixed(2), share(ms)]),
  ]);
  if (kernels.length === 0)
    return `${heading}\n\n${whole}\n\n${host}\n\n${backend} does not measure its kernels; onnx does.`;
  const tables = Object.entries(groupings).map(([by, nameOf]) => {
    const groups = groupKernels(kernels, nameOf);
    const rows = groups
      .slice(0, shown)
      .map(({ name, milliseconds: ms, backwardMilliseconds, count, bytes, liveBytes }) => [
        name.length > widest ? `${name.slice(0, widest - 1)}…` : name,
        ms.toFixed(2),
        share(ms),
        backwardMilliseconds.toFixed(2),
        count.toFixed(0),
        mebibytes(bytes),
        mebibytes(liveBytes),
      ]);
    const more = groups.length > shown ? `\n… and ${groups.length - shown} more` : "";
    return table([[`by ${by}`, "ms", "share", "backward ms", "runs", "MiB written", "MiB live"], ...rows]) + more;
  });
  return [heading, whole, ...products(profile), host, ...tables].join("\n\n");
}

/** How long products and convolutions take, and how fast they are: no step can be faster than that. */
function products({ kernels, milliseconds: step }: Profile): string[] {
  const own = kernels.filter(({ productOperations }) => productOperations !== undefined);
  const milliseconds = own.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
  const operations = own.reduce((sum, kernel) => sum + kernel.productOperations!, 0);
  if (milliseconds === 0) return [];
  return [
    `Products and convolutions take ${milliseconds.toFixed(2)} ms (${((100 * milliseconds) / step).toFixed(1)} %) ` +
      `for ${(operations / 1e9).toFixed(2)} GFLOP: ${(operations / milliseconds / 1e6).toFixed(0)} GFLOP/s.`,
  ];
}
