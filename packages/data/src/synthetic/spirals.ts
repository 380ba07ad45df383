import type { RandomKey } from "@ansatz/core";
import { Columns } from "../loading/dataset.ts";
import { checkCounts, HostRandom } from "./host-random.ts";

/**
 * Points on the arms of a spiral, one class for each arm. No straight line separates them. Lang & Witbrock 1988.
 *
 * `point` [batch, 2] lies roughly within the unit circle; `label` is [batch] of int32. Each arm makes one and a half
 * turns. `noise` is a standard deviation.
 *
 * @throws ArgumentError for counts below 1
 * @example spirals(key(1), { count: 300, arms: 3 }).length  // 300
 */
export function spirals(
  key: RandomKey,
  options: { readonly count: number; readonly arms?: number; readonly noise?: number },
): Columns<"point" | "label"> {
  const { count, arms = 2, noise = 0.02 } = options;
  checkCounts("spirals", { count, arms });
  const random = new HostRandom(key);
  const [point, label] = [new Float32Array(2 * count), Int32Array.from({ length: count }, (_, i) => i % arms)];
  for (const [i, arm] of label.entries()) {
    const radius = Math.sqrt(random.uniform());
    const angle = 3 * Math.PI * radius + (2 * Math.PI * arm) / arms;
    point[2 * i] = radius * Math.cos(angle) + noise * random.normal();
    point[2 * i + 1] = radius * Math.sin(angle) + noise * random.normal();
  }
  return new Columns({ point: { data: point, shape: [2] }, label: { data: label } });
}
