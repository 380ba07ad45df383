import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  add,
  ArgumentError,
  cast,
  grad,
  mul,
  sum,
  tensor,
  type Module,
  type StateDict,
  type Tensor,
  type TensorData,
} from "@ansatz/core";
import { isFloating } from "@ansatz/core/plugin";
import { loadSafetensors } from "@ansatz/data";
import { fromPyTorch } from "./pytorch-state.ts";
import { MaskedDropout } from "./regularization/masked-dropout.ts";

/** Gives recorded entries a model's own names and layouts, such as `fromPyTorch`. */
export type ReadState = (model: Module, state: StateDict) => StateDict;

/** What PyTorch computed for one layer, recorded by reference/record.py. */
export class Golden {
  readonly #entries: ReadonlyMap<string, TensorData>;
  readonly #read: ReadState;

  /** `read` gives recorded entries a model's own names and layouts. */
  constructor(entries: ReadonlyMap<string, TensorData>, read: ReadState = fromPyTorch) {
    this.#entries = entries;
    this.#read = read;
  }

  /** An input, a weight or a result. */
  tensor(name: string): Tensor {
    const { data, shape } = this.#entry(name);
    return tensor(data, { shape });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Several inputs, weights or results. */
  tensors(...names: readonly string[]): Tensor[] {
    return names.map((name) => this.tensor(name));
  }

  /**
   * Gives a module the recorded weights: PyTorch's state dict under `state/`, or entries beside the inputs. If masks
   * are recorded, each dropout multiplies by its own.
   */
  fill<M extends Module>(module: M): M {
    this.#mask(module);
    const theirs = [...this.#entries].filter(([name]) => name.startsWith("state/"));
    if (theirs.length > 0) {
      module.loadStateDict(this.#read(module, stripped(theirs, "state/")));
      return module;
    }
    const recorded = this.#read(module, Object.fromEntries(this.#entries));
    const ours = [...module.namedParameters().keys(), ...module.namedBuffers().keys()];
    module.loadStateDict(Object.fromEntries(ours.map((name) => [name, recorded[name]!])));
    return module;
  }

  /**
   * Compares results by their names, then the gradients of Σ c · y with respect to the inputs and the parameters of a
   * module.
   */
  async check(
    results: Readonly<Record<string, Tensor>>,
    inputs: Readonly<Record<string, Tensor>>,
    module?: Module,
  ): Promise<void> {
    const scalar = Object.entries(results)
      .map(([name, y]) => sum(mul(this.tensor(`c/${name}`), cast(y, "float32"))))
      .reduce((a, b) => add(a, b));
    const floating = Object.fromEntries(Object.entries(inputs).filter(([, x]) => isFloating(x.dtype)));
    const targets = { ...floating, ...Object.fromEntries(module?.namedParameters() ?? []) };
    const gradients = grad(scalar, targets) as Readonly<Record<string, Tensor>>;
    for (const [name, result] of Object.entries(results)) await compare(result, this.#entry(name), name);
    const theirs = [...this.#entries].filter(([name]) => name.startsWith("grad/"));
    const recorded =
      module === undefined
        ? stripped(theirs, "grad/")
        : { ...stripped(theirs, "grad/"), ...this.#read(module, stripped(theirs, "grad/")) };
    for (const [name, gradient] of Object.entries(gradients)) {
      assert.ok(
        recorded[name] !== undefined,
        `the gradient of ${name} is not recorded; there are ${Object.keys(recorded).join(", ")}`,
      );
      await compare(gradient, recorded[name], `grad/${name}`);
    }
  }

  #mask(module: Module): void {
    const masks = [...this.#entries.keys()].filter((name) => name.startsWith("mask/"));
    if (masks.length === 0) return;
    const dropping = [...module.namedModules()].flatMap(([path, layer]) =>
      layer instanceof MaskedDropout && layer.probability > 0 ? [[`mask/${path}`, layer] as const] : [],
    );
    assert.deepEqual(dropping.map(([name]) => name).sort(), masks.sort());
    for (const [name, layer] of dropping) layer.forward = (x) => mul(x, this.tensor(name));
  }

  #entry(name: string): TensorData {
    const entry = this.#entries.get(name) ?? this.#entries.get(`state/${name}`);
    if (entry === undefined)
      throw new ArgumentError(`golden: "${name}" is not recorded\n  there are ${[...this.#entries.keys()].join(", ")}`);
    return entry;
  }
}

async function compare(value: Tensor, { data, shape }: TensorData, name: string): Promise<void> {
  assert.deepEqual(value.shape, shape, name);
  const found = await value.data();
  const scale = Math.max(1, ...Array.from(data, Math.abs).filter(Number.isFinite));
  for (const [i, expected] of data.entries())
    assert.ok(
      found[i] === expected || Math.abs(found[i]! - expected) <= 1e-5 * scale,
      `${name}, element ${i}: ${found[i]!}, not ${expected}`,
    );
}

function stripped(entries: readonly (readonly [string, TensorData])[], prefix: string): Record<string, TensorData> {
  return Object.fromEntries(entries.map(([name, data]) => [name.slice(prefix.length), data]));
}

/** The recorded values of one layer in reference/FAMILY.safetensors. */
export async function golden(family: string, layer: string, read?: ReadState): Promise<Golden> {
  const { tensors } = await loadSafetensors(
    fileURLToPath(new URL(`../reference/${family}.safetensors`, import.meta.url)),
  );
  const prefix = `${layer}/`;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return new Golden(new Map(own.map(([name, data]) => [name.slice(prefix.length), data])), read);
}
