import type { Backend, Program } from "./backend.ts";
import type { Cell } from "./cell.ts";
import type { Closure } from "./closure.ts";
import { sizeOf } from "./dtype.ts";
import { warnOnce } from "./errors.ts";
import { isLeaf } from "./leaf.ts";
import { lower, unalias } from "./lower.ts";
import type { Tensor } from "./tensor.ts";

/** The next value of a cell, beside what it read before. */
export interface CellUpdate {
  readonly cell: Cell;
  /** The cell's present value. */
  readonly leaf: Tensor;
  readonly value: Tensor;
}

/** What is to be run, and the structure that tells it from other programs. */
export interface Plan {
  readonly outputs: readonly Tensor[];
  readonly updates: readonly CellUpdate[];
  readonly leaves: readonly Tensor[];
  /** The graph's structure; leaf values are left out, so a new batch or learning rate is the same program. */
  readonly signature: string;
}

/** Walks the graph once, from its roots: finds the leaves and writes down the structure. */
export function planOf(outputs: readonly Tensor[], updates: readonly CellUpdate[]): Plan {
  const positions = new Map<Tensor, number>();
  const leaves: Tensor[] = [];
  const text: string[] = [];
  const stack: Tensor[] = [];
  const next: number[] = [];
  const visit = (root: Tensor): number => {
    const known = positions.get(root);
    if (known !== undefined) return known;
    stack.push(root);
    next.push(0);
    while (stack.length > 0) {
      const top = stack.length - 1;
      const tensor = stack[top]!;
      const i = next[top]!;
      if (i < tensor.inputs.length) {
        next[top] = i + 1;
        const input = unalias(tensor.inputs[i]!);
        if (!positions.has(input)) {
          positions.set(input, -1);
          stack.push(input);
          next.push(0);
        }
        continue;
      }
      stack.pop();
      next.pop();
      text.push(describe(tensor, positions));
      if (isLeaf(tensor)) leaves.push(tensor);
      positions.set(tensor, text.length - 1);
    }
    return positions.get(root)!;
  };
  const roots: string[] = [];
  for (const output of outputs) roots.push(visit(unalias(output)).toString());
  for (const update of updates) roots.push(`${visit(update.leaf)}=${visit(unalias(update.value))}`);
  return { outputs, updates, leaves, signature: `${text.join("\n")}\n${roots.join()}` };
}

function describe(tensor: Tensor, positions: ReadonlyMap<Tensor, number>): string {
  const { op, inputs, attributeKey, body } = tensor;
  if (inputs.length === 0) return `${op.name} ${tensor.dtype} ${tensor.shape.join()} ${attributeKey}`;
  // A result's shape and dtype follow from its inputs and attributes.
  let text = `${op.name} ${attributeKey}`;
  for (let i = 0; i < inputs.length; i++) text += ` ${positions.get(unalias(inputs[i]!))!}`;
  return body === undefined ? text : `${text} {${signatureOf(body)}}`;
}

const signatures = new WeakMap<Closure, string>();

/** The structure of a body, written down once. */
function signatureOf(body: Closure): string {
  let signature = signatures.get(body);
  if (signature === undefined) signatures.set(body, (signature = bodySignature(body)));
  return signature;
}

/** The structure of a body, its placeholders and captured tensors by position. */
function bodySignature(body: Closure): string {
  const positions = new Map<Tensor, number>();
  const text: string[] = [];
  for (const boundary of [...body.captured, ...body.placeholders]) {
    positions.set(boundary, text.length);
    text.push(`input ${boundary.dtype} ${boundary.shape.join()}`);
  }
  const stack = [...body.outputs].reverse();
  while (stack.length > 0) {
    const tensor = stack[stack.length - 1]!;
    if (positions.has(tensor)) {
      stack.pop();
      continue;
    }
    const missing = tensor.inputs.filter((x) => !positions.has(x));
    if (missing.length > 0) {
      stack.push(...missing.reverse());
      continue;
    }
    stack.pop();
    const inner = tensor.body === undefined ? "" : `{${signatureOf(tensor.body)}}`;
    positions.set(tensor, text.length);
    text.push(`${tensor.op.name} ${tensor.attributeKey} ${tensor.inputs.map((x) => positions.get(x)).join(" ")} ${tensor.shape.join()} ${tensor.dtype} ${inner}`);
  }
  return `${text.join(";")}>${body.outputs.map((x) => positions.get(x)).join()}`;
}

/** How many programs a backend keeps compiled; the one unused for longest goes first. */
const programLimit = 64;
/** How often one structure may be compiled with other numbers or lengths before it is worth a warning. */
const recompilationLimit = 8;

const caches = new WeakMap<Backend, ProgramCache>();

/** The compiled programs of a backend, by structure. */
export function programsOf(backend: Backend): ProgramCache {
  let cache = caches.get(backend);
  if (cache === undefined) caches.set(backend, (cache = new ProgramCache(backend)));
  return cache;
}

/** Programs by structure, least recently used first. */
export class ProgramCache {
  /** How many programs were compiled so far. */
  compilations = 0;
  readonly #backend: Backend;
  readonly #programs = new Map<string, Program>();
  readonly #skeletons = new Map<string, { count: number; last: string }>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async get(plan: Plan): Promise<Program> {
    const { signature } = plan;
    const known = this.#programs.get(signature);
    if (known !== undefined) {
      this.#programs.delete(signature);
      this.#programs.set(signature, known);
      return known;
    }
    this.#watch(signature);
    const program = await this.#backend.compile(lower(plan.outputs, plan.updates, plan.leaves, this.#backend));
    this.compilations++;
    this.#programs.set(signature, program);
    if (this.#programs.size > programLimit) {
      const [oldest, unused] = this.#programs.entries().next().value!;
      this.#programs.delete(oldest);
      unused.dispose();
    }
    return program;
  }

  /** Frees every program. */
  clear(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
  }

  /** Warns, once for each, of a structure that is compiled again and again for a number or a length. */
  #watch(signature: string): void {
    const skeleton = signature.replaceAll(/\d+(\.\d+)?(e[+-]?\d+)?/g, "#");
    const seen = this.#skeletons.get(skeleton);
    if (seen !== undefined && ++seen.count === recompilationLimit) {
      warnOnce(`recompiled ${skeleton}`, recompilationMessage(seen.last, signature));
    }
    this.#skeletons.set(skeleton, { count: seen?.count ?? 1, last: signature });
    if (this.#skeletons.size > programLimit) this.#skeletons.delete(this.#skeletons.keys().next().value!);
  }
}

function recompilationMessage(before: string, now: string): string {
  const old = before.split("\n");
  const line = now.split("\n").find((text, i) => text !== old[i]) ?? "";
  const number = /^constant .*value:([^;]*);/.exec(line)?.[1];
  const compiled = `one program was compiled ${recompilationLimit} times`;
  return number === undefined
    ? `${compiled} because a shape changes from step to step (now at "${line.trim()}"); pad to a fixed length, or use dynamicSlice for positions`
    : `${compiled} because a plain number changes from step to step (now ${number}); pass it as input(${number}) instead`;
}

/** The bytes of a result that is moved to the host at once, so that a loss per step leaves nothing on the backend. */
export const smallResult = 1_024;

/** Whether a tensor has no elements: it is never computed. */
export function isEmpty(tensor: Tensor): boolean {
  return sizeOf(tensor.shape) === 0;
}
