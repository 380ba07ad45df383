import { input, type Module, type Tensor } from "@ansatz/core";

interface Span {
  readonly path: string;
  readonly type: string;
  readonly first: number;
  readonly last: number;
}

/** How many spans are kept: more than one step of any model has. */
const mostSpans = 100_000;

/**
 * Tells which module made a tensor. While it is active, it records for every call of a module's `forward` which tensors
 * were made in it.
 *
 * Tensors are numbered in the order in which they are made. If a tensor was made in nested calls, the innermost module
 * counts.
 */
export class ModuleTrace {
  #spans: Span[] = [];
  readonly #known = new WeakMap<Tensor, string>();
  readonly #watched: (readonly [Module, PropertyDescriptor | undefined])[] = [];

  constructor(modules: readonly (readonly [string, Module])[]) {
    for (const [name, root] of modules) {
      for (const [path, module] of root.namedModules())
        this.#watch(
          module,
          path === "" ? (modules.length > 1 ? name : "") : modules.length > 1 ? `${name}.${path}` : path,
        );
    }
  }

  #watch(module: Module, path: string): void {
    const { forward } = module as { readonly forward?: unknown };
    if (typeof forward !== "function") return;
    this.#watched.push([module, Object.getOwnPropertyDescriptor(module, "forward")]);
    const watched = (...words: unknown[]): unknown => {
      const first = newest();
      const result: unknown = Reflect.apply(forward, module, words);
      this.#spans.push({ path, type: module.constructor.name, first, last: newest() });
      if (this.#spans.length > mostSpans) this.#spans = this.#spans.slice(-mostSpans / 2);
      return result;
    };
    Object.defineProperty(module, "forward", { value: watched, configurable: true, writable: true, enumerable: false });
  }

  /**
   * The module that made a tensor, e.g. `blocks.0.attention (MultiHeadAttention)`; undefined if it was made outside all
   * modules.
   */
  moduleOf(tensor: Tensor): string | undefined {
    const known = this.#known.get(tensor);
    if (known !== undefined) return known;
    const span = this.callOf(tensor.node.id);
    if (span === undefined) return undefined;
    const where = span.path === "" ? span.type : `${span.path} (${span.type})`;
    this.#known.set(tensor, where);
    return where;
  }

  /** The module in whose call a tensor was made: its path, and its class. The tensor is given by its number. */
  callOf(tensor: number): { readonly path: string; readonly type: string } | undefined {
    // Inner calls end before outer ones, so the first match is the innermost.
    return this.#spans.find(({ first, last }) => first < tensor && tensor < last);
  }

  /** Restores the modules. */
  [Symbol.dispose](): void {
    for (const [module, before] of this.#watched) {
      if (before === undefined) Reflect.deleteProperty(module, "forward");
      else Object.defineProperty(module, "forward", before);
    }
  }
}

/** The number of a tensor made just now: whatever is made later has a greater one. */
function newest(): number {
  return input(0).node.id;
}
