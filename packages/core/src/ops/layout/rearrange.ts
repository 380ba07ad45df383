import { ArgumentError, ShapeError } from "../../contract/errors.ts";
import { sizeOf } from "../../contract/dtype.ts";
import { showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { toTensor } from "../family.ts";
import { reshape, transpose } from "./movement.ts";

/**
 * Reshapes and transposes by named axes, as einops does: `"b (h d) -> h b d"`. Brackets join or split axes; 1 adds or
 * drops one.
 *
 * Rogozhnikov 2022, "Einops: clear and reliable tensor manipulations with Einstein-like notation".
 *
 * @throws ArgumentError for a malformed pattern; ShapeError when lengths do not fit
 * @example rearrange(tensor([1, 2, 3, 4]), "(a b) -> b a", { a: 2 })  // [[1, 3], [2, 4]]
 */
export function rearrange(x: TensorLike, pattern: string, lengths: Readonly<Record<string, number>> = {}): Tensor {
  const operand = toTensor(x);
  const [left, right] = pattern.split("->");
  if (left === undefined || right === undefined) throw new ArgumentError(`rearrange: "${pattern}" has no "->"`);
  const from = groupsOf(left);
  const to = groupsOf(right);
  if (from.length !== operand.rank)
    throw new ShapeError(`rearrange: x is ${showShape(operand.shape)} but "${left.trim()}" names ${from.length} axes`);
  const known = new Map(Object.entries(lengths));
  for (const [i, group] of from.entries()) solve(group, operand.shape[i]!, known, pattern);
  const before = from.flat();
  const after = to.flat();
  if (
    before.length !== after.length ||
    new Set(before).size !== before.length ||
    before.some((name) => !after.includes(name))
  ) {
    throw new ArgumentError(`rearrange: both sides of "${pattern}" must name the same axes, each once`);
  }
  const split = reshape(
    operand,
    before.map((name) => known.get(name)!),
  );
  const moved = transpose(
    split,
    after.map((name) => before.indexOf(name)),
  );
  return reshape(
    moved,
    to.map((group) => sizeOf(group.map((name) => known.get(name)!))),
  );
}

/** `"b (h d) 1"` as groups of names; 1 is an empty group. */
function groupsOf(side: string): string[][] {
  const groups = side.match(/\([^()]*\)|\S+/g) ?? [];
  return groups.map((group) =>
    group === "1" ? [] : group.replaceAll(/[()]/g, " ").trim().split(/\s+/).filter(Boolean),
  );
}

/** Finds the one length in a group that is not known. */
function solve(group: readonly string[], length: number, known: Map<string, number>, pattern: string): void {
  const open = group.filter((name) => !known.has(name));
  const rest = sizeOf(group.flatMap((name) => known.get(name) ?? []));
  if (open.length > 1)
    throw new ArgumentError(
      `rearrange: in "${pattern}" both ${open.join(" and ")} are unknown\n` +
        `  give one: rearrange(x, pattern, { ${open[0]}: 2 })`,
    );
  if (open.length === 1 && length % rest === 0) known.set(open[0]!, length / rest);
  else if (open.length === 1 || rest !== length)
    throw new ShapeError(`rearrange: (${group.join(" ")}) of "${pattern}" does not make ${length}`);
}
