import { outsideModules, type Profile, type ProfiledKernel } from "./profile.ts";

/** A part of a step, and what it consists of. */
export interface Flame {
  readonly name: string;
  readonly milliseconds: number;
  /** What it writes, if that is known. */
  readonly bytes?: number;
  readonly children: readonly Flame[];
}

/**
 * A profile as a tree: the parts of a step; below the session the modules as they are nested, then the passes, the ops
 * of core, and the kernels.
 */
export function flameOf({ experiment, milliseconds, parts, kernels, javascript }: Profile): Flame {
  const session = new Branch("session");
  for (const kernel of kernels) session.add(pathOf(kernel), kernel);
  const flame = session.flame();
  const rest = parts.session - flame.milliseconds;
  const between: Flame[] =
    kernels.length > 0 && rest > 0 ? [{ name: "between kernels", milliseconds: rest, children: [] }] : [];
  const measured = { ...flame, milliseconds: Math.max(parts.session, flame.milliseconds) };
  const children: Flame[] = [
    { ...measured, children: [...flame.children, ...between] },
    { name: "update", milliseconds: parts.update, children: [] },
    { name: "tracing", milliseconds: parts.tracing, children: tracingOf(parts.tracing, javascript) },
    { name: "feeding", milliseconds: parts.feeding, children: [] },
  ];
  const sum = children.reduce((total, child) => total + child.milliseconds, 0);
  return { name: `a step of ${experiment}`, milliseconds: Math.max(milliseconds, sum), children };
}

/** The packages that work outside the backend. Samples may add up to a little more than was measured. */
function tracingOf(milliseconds: number, javascript: Profile["javascript"]): Flame[] {
  const outside = javascript.filter(({ name }) => !/^@ansatz\/(backend-|simd|kernels|tfjs)|^onnx/.test(name));
  const sum = outside.reduce((total, { milliseconds: own }) => total + own, 0);
  const scale = Math.min(1, milliseconds / sum);
  return outside.map(({ name, milliseconds: own }) => ({ name, milliseconds: own * scale, children: [] }));
}

/** From the outside in: modules, pass, op, kernel. `blocks.0` is one module of a list. */
function pathOf({ module, pass, op, kernel, shapes }: ProfiledKernel): string[] {
  const modules = module === undefined ? [outsideModules] : module.split(/\.(?!\d)/).filter((name) => name !== "");
  return [
    ...modules,
    ...(pass === undefined ? [] : [pass]),
    op ?? "inserted by the engine",
    shapes === undefined ? kernel : `${kernel} ${shapes}`,
  ];
}

class Branch {
  readonly #name: string;
  readonly #children = new Map<string, Branch>();
  #milliseconds = 0;
  #bytes = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add([first, ...rest]: readonly string[], kernel: ProfiledKernel): void {
    this.#milliseconds += kernel.milliseconds;
    this.#bytes += kernel.bytes;
    if (first === undefined) return;
    let child = this.#children.get(first);
    if (child === undefined) this.#children.set(first, (child = new Branch(first)));
    child.add(rest, kernel);
  }

  flame(): Flame {
    const children = [...this.#children.values()].map((child) => child.flame());
    return {
      name: this.#name,
      milliseconds: this.#milliseconds,
      bytes: this.#bytes,
      children: children.toSorted((a, b) => b.milliseconds - a.milliseconds),
    };
  }
}
