/** Comparisons with other implementations, forward and backward: see reference/record.py. */
import { fileURLToPath } from "node:url";
import { grad, mul, sum, tensor, transpose, use, zeros, type Tensor } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";
import { expectClose } from "@ansatz/testkit";
import { beforeAll, test } from "vitest";
import { BlockedAttention, LinearAttention, Linformer, LocalAttention, Performer, positiveFeatures } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

const { tensors } = await loadSafetensors(
  fileURLToPath(new URL("../reference/attention.safetensors", import.meta.url)),
);

function recorded(entry: string): Tensor {
  const { data, shape } = tensors[entry]!;
  return tensor(data, { shape });
}

/** Compares y, and the gradients of Σ c · y. */
async function check(name: string, y: Tensor, targets: Readonly<Record<string, Tensor>>): Promise<void> {
  const slopes = grad(sum(mul(recorded(`${name}/c`), y)), { ...targets }) as Readonly<Record<string, Tensor>>;
  await expectClose(y, recorded(`${name}/y`));
  for (const [target, slope] of Object.entries(slopes)) await expectClose(slope, recorded(`${name}/grad/${target}`));
}

const qkv = (name: string) => ["q", "k", "v"].map((entry) => recorded(`${name}/${entry}`)) as [Tensor, Tensor, Tensor];

/** A layer's mixing of given queries, keys and values: what the references compute. */
type Mixing = { mix(q: Tensor, k: Tensor, v: Tensor, options: { readonly causal?: boolean }): Tensor };

await onEveryBackend((backend) => {
  beforeAll(async () => use(await backend()));

  test("blocks are PyTorch's scaled dot-product attention", async () => {
    const [q, k, v] = qkv("blocked");
    const layer = new BlockedAttention(8, { heads: 2, block: 16 }) as unknown as Mixing;
    await check("blocked", layer.mix(q, k, v, { causal: true }), { q, k, v });
  });

  test("a window is local-attention's", async () => {
    const [q, k, v] = qkv("local");
    const layer = new LocalAttention(8, { heads: 2, window: 5 }) as unknown as Mixing;
    await check("local", layer.mix(q, k, v, { causal: true }), { q, k, v });
  });

  test("linear attention is its quadratic form in PyTorch", async () => {
    const [q, k, v] = qkv("linear");
    const layer = new LinearAttention(8, { heads: 2 }) as unknown as Mixing;
    await check("linear", layer.mix(q, k, v, { causal: true }), { q, k, v });
  });

  test("random features and attention are performer-pytorch's", async () => {
    const [q, k, v] = qkv("performer");
    const directions = recorded("performer/directions");
    await expectClose(positiveFeatures(q, directions, [-1]), recorded("performer/query"));
    await expectClose(positiveFeatures(k, directions, [-2, -1]), recorded("performer/key"));
    const layer = new Performer(8, { heads: 2, features: 6 });
    layer.directions.load(await directions.data());
    await check("performer", (layer as unknown as Mixing).mix(q, k, v, {}), { q, k, v });
  });

  test("Linformer is linformer's LinformerSelfAttention", async () => {
    const layer = new Linformer(8, { heads: 2, length: 7, projected: 3 });
    const own = [...layer.namedParameters().keys()];
    const theirs = (name: string, prefix: string): Tensor => {
      if (/^(query|key|value)\.bias/.test(name)) return zeros([8]); // they have none
      const value = recorded(`linformer/${prefix}${name}`);
      return name.endsWith("Projection") ? transpose(value) : value;
    };
    for (const [name, parameter] of layer.namedParameters()) parameter.load(await theirs(name, "").data());
    const x = recorded("linformer/x");
    const y = layer.forward(x);
    const weights = Object.fromEntries(layer.namedParameters());
    const slopes = grad(sum(mul(recorded("linformer/c"), y)), { x, ...weights }) as Readonly<Record<string, Tensor>>;
    await expectClose(y, recorded("linformer/y"));
    await expectClose(slopes["x"]!, recorded("linformer/grad/x"));
    for (const name of own.filter((one) => !/^(query|key|value)\.bias/.test(one)))
      await expectClose(slopes[name]!, theirs(name, "grad/"));
  });
});
