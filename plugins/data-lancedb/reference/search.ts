/**
 * Prints how fast and how exact `lance` searches 100,000 passages, for vectors in clusters, as encoders make them, and
 * for vectors without any structure, the hardest case. `node --conditions=source --import tsx reference/search.ts`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { add, gather, key, mul, normal, randomIntegers, tensor, use, type Tensor } from "@ansatz/core";
import { lance } from "@ansatz/data-lancedb";
import { recallOf, VectorIndex } from "@ansatz/data-retrieval";

await use(cpu());
const [count, asked, width, k] = [100_000, 200, 128, 10];
const sources: Record<string, () => Tensor> = {
  clusters() {
    const centers = normal(key(1), [1000, width]);
    const chosen = gather(centers, randomIntegers(key(2), [count + asked], { high: 1000 }));
    return add(chosen, mul(0.7, normal(key(3), [count + asked, width])));
  },
  unstructured: () => normal(key(3), [count + asked, width]),
};
for (const [name, make] of Object.entries(sources)) {
  const folder = mkdtempSync(join(tmpdir(), "search-"));
  const data = await make().data();
  const rows = (from: number, to: number) =>
    tensor(data.slice(from * width, to * width), { shape: [to - from, width] });
  const index = await VectorIndex.open(lance(folder), { version: "1", width });
  let began = performance.now();
  for (let start = 0; start < count; start += 5_000) {
    const cut = Array.from({ length: 5_000 }, (_, i) => `passage ${start + i}`);
    await index.add(
      cut.map((text) => ({ id: text, text, source: name, place: 0 })),
      rows(start, start + 5_000),
    );
  }
  console.log(`${name}: ${count} passages added in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const queries = rows(count, count + asked);
  began = performance.now();
  await index.search(rows(count, count + 1), k);
  console.log(`${name}: the graph is built in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  for (const exact of [true, false]) {
    const times: number[] = [];
    for (let i = 0; i < asked; i++) {
      const query = rows(count + i, count + i + 1);
      began = performance.now();
      await index.search(query, k, { exact });
      times.push(performance.now() - began);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * asked)]!.toFixed(1);
    console.log(`${name}: ${exact ? "exact" : "approximate"} search, median ${at(0.5)} ms, 90 % within ${at(0.9)} ms`);
  }
  console.log(`${name}: recall@${k} ${(await recallOf(index, queries, k)).toFixed(4)}`);
  await index.close();
  rmSync(folder, { recursive: true });
}
