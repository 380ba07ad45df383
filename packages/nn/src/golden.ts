import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { add, grad, mul, sum, tensor, type Module, type Tensor, type TensorData } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";

const file = fileURLToPath(new URL("../reference/layers.safetensors", import.meta.url));

/** What PyTorch computed for one layer; recorded by reference/record.py. */
export class Golden {
  readonly #entries: ReadonlyMap<string, TensorData>;

  constructor(entries: ReadonlyMap<string, TensorData>) {
    this.#entries = entries;
  }

  /** An input, a weight or a result. */
  tensor(name: string): Tensor {
    const { data, shape } = this.#entry(name);
    return tensor(data, { shape });
  }

  /** Gives a module the recorded weights. */
  fill<M extends Module>(module: M): M {
    module.loadStateDict(Object.fromEntries([...module.namedParameters().keys()].map((name) => [name, this.#entry(name)])));
    return module;
  }

  /** Compares results by their names; and then the gradients of Σ c · y with respect to inputs, and to a module's parameters. */
  async check(results: Readonly<Record<string, Tensor>>, inputs: Readonly<Record<string, Tensor>>, module?: Module): Promise<void> {
    const scalar = Object.entries(results).map(([name, y]) => sum(mul(this.tensor(`c/${name}`), y))).reduce((a, b) => add(a, b));
    const targets = { ...inputs, ...Object.fromEntries(module?.namedParameters() ?? []) };
    const gradients = grad(scalar, targets) as Readonly<Record<string, Tensor>>;
    for (const [name, result] of Object.entries(results)) await this.#compare(result, name);
    for (const [name, gradient] of Object.entries(gradients)) await this.#compare(gradient, `grad/${name}`);
  }

  async #compare(value: Tensor, name: string): Promise<void> {
    const { data, shape } = this.#entry(name);
    assert.deepEqual(value.shape, shape, name);
    const found = await value.data();
    const scale = Math.max(1, ...Array.from(data, Math.abs));
    for (const [i, expected] of data.entries()) assert.ok(Math.abs(found[i]! - expected) <= 1e-5 * scale, `${name}, element ${i}: ${found[i]!}, not ${expected}`);
  }

  #entry(name: string): TensorData {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`there is no "${name}" among ${[...this.#entries.keys()].join(", ")}`);
    return entry;
  }
}

/** The recorded values of one layer. */
export async function golden(layer: string): Promise<Golden> {
  const { tensors } = await loadSafetensors(file);
  const prefix = `${layer}/`;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return new Golden(new Map(own.map(([name, data]) => [name.slice(prefix.length), data])));
}
