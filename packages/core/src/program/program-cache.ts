import type { Backend, Program } from "../contract/backend.ts";
import { warnOnce } from "../contract/errors.ts";
import { lower } from "./lower.ts";
import { sameNumbers } from "../graph/numbering.ts";
import { describePlan, type Plan } from "./plan.ts";
import { compileInStages } from "./stages.ts";

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

interface Compiled {
  readonly structure: Int32Array;
  readonly program: Program;
}

/** Programs by structure, least recently used first. */
export class ProgramCache {
  /** How many programs were compiled so far. */
  compilations = 0;
  readonly #backend: Backend;
  readonly #programs = new Map<number, Compiled>();
  readonly #skeletons = new Map<string, { count: number; last: readonly string[] }>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async get(plan: Plan): Promise<Program> {
    const place = this.#placeOf(plan);
    const known = this.#programs.get(place);
    if (known !== undefined) {
      this.#programs.delete(place);
      this.#programs.set(place, known);
      return known.program;
    }
    this.#watch(describePlan(plan));
    const graph = lower(plan.outputs, plan.updates, plan.leaves, this.#backend);
    const program = await compileInStages(graph, this.#backend);
    this.compilations++;
    this.#programs.set(place, { structure: plan.structure, program });
    if (this.#programs.size > programLimit) {
      const [oldest, unused] = this.#programs.entries().next().value!;
      this.#programs.delete(oldest);
      unused.program.dispose();
    }
    return program;
  }

  /** The key of a plan's program: its hash, or the next number if another program has that one. */
  #placeOf({ structure, hash }: Plan): number {
    for (let place = hash; ; place++) {
      const known = this.#programs.get(place);
      if (known === undefined || sameNumbers(known.structure, structure)) return place;
    }
  }

  /** Warns, once for each, of a structure that is compiled again and again for a number or a length. */
  #watch(description: readonly string[]): void {
    const skeleton = description.join("\n").replaceAll(/\d+(\.\d+)?(e[+-]?\d+)?/g, "#");
    const seen = this.#skeletons.get(skeleton);
    if (seen !== undefined && ++seen.count === recompilationLimit) {
      warnOnce(`recompiled ${skeleton}`, recompilationMessage(seen.last, description));
    }
    this.#skeletons.set(skeleton, { count: seen?.count ?? 1, last: description });
    if (this.#skeletons.size > programLimit) this.#skeletons.delete(this.#skeletons.keys().next().value!);
  }
}

function recompilationMessage(before: readonly string[], now: readonly string[]): string {
  const line = now.find((text, i) => text !== before[i]) ?? "";
  const number = /^constant .*value:([^;]*);/.exec(line)?.[1];
  const compiled = `one program was compiled ${recompilationLimit} times`;
  return number === undefined
    ? `${compiled} because a shape changes from step to step (now at "${line.trim()}"); ` +
        "pad to a fixed length, or use dynamicSlice for positions"
    : `${compiled} because a plain number changes from step to step (now ${number}); ` +
        `pass it as input(${number}) instead`;
}
