import type { Closure } from "./closure.ts";
import type { OpDefinition } from "./op.ts";
import type { Tensor } from "./tensor.ts";

const smallest = 64;

/**
 * Tensors by structure: an equal expression is found again, so that it is one node.
 *
 * A hash table with open addressing: a step looks up a thousand nodes, and no text or key object is made for any of
 * them.
 */
export class SharedNodes {
  #slots: (Tensor | undefined)[] = emptySlots(smallest);
  #count = 0;

  /** The tensor of this structure, if there is one. */
  find(
    op: OpDefinition,
    inputs: readonly Tensor[],
    attributesId: number,
    body: Closure | undefined,
  ): Tensor | undefined {
    const slots = this.#slots;
    for (let i = hash(inputs, attributesId) & (slots.length - 1); ; i = (i + 1) & (slots.length - 1)) {
      const tensor = slots[i];
      if (tensor === undefined) return undefined;
      if (
        tensor.node.op === op &&
        tensor.node.attributesId === attributesId &&
        tensor.node.body === body &&
        sameInputs(tensor.node.inputs, inputs)
      )
        return tensor;
    }
  }

  add(tensor: Tensor): void {
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    place(this.#slots, tensor);
  }

  clear(): void {
    if (this.#count === 0) return;
    if (this.#count * 16 < this.#slots.length) this.#slots = emptySlots(smallest);
    else this.#slots.fill(undefined);
    this.#count = 0;
  }

  #grow(): void {
    const slots = emptySlots(this.#slots.length * 2);
    for (const tensor of this.#slots) if (tensor !== undefined) place(slots, tensor);
    this.#slots = slots;
  }
}

function emptySlots(length: number): (Tensor | undefined)[] {
  return Array.from({ length }, () => undefined);
}

function place(slots: (Tensor | undefined)[], tensor: Tensor): void {
  let i = hash(tensor.node.inputs, tensor.node.attributesId) & (slots.length - 1);
  while (slots[i] !== undefined) i = (i + 1) & (slots.length - 1);
  slots[i] = tensor;
}

/** The op is left out of the hash: few ops share inputs and attributes. */
function hash(inputs: readonly Tensor[], attributesId: number): number {
  let bits = attributesId;
  for (let i = 0; i < inputs.length; i++) bits = Math.imul(bits ^ inputs[i]!.node.id, 0x9e3779b1);
  return bits ^ (bits >>> 15);
}

function sameInputs(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
