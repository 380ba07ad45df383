import { ArgumentError, ShapeError } from "../../contract/errors.ts";
import { sizeOf } from "../../contract/dtype.ts";
import { showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { toTensor } from "../family.ts";
import { reshape, transpose } from "../layout/movement.ts";
import { matmul } from "./matmul.ts";
import { sum } from "../reduction/reduction.ts";

/** A tensor with a letter for each axis. */
interface Lettered {
  readonly tensor: Tensor;
  readonly letters: readonly string[];
}

/**
 * Sums of products by named axes, as Einstein wrote them: `"b i k, b k j -> b i j"` or, in single letters,
 * `"bik,bkj->bij"`.
 *
 * Names that the result lacks are summed over. Pairs are contracted from left to right, as matrix products.
 *
 * @throws ArgumentError for a malformed equation; ShapeError when a name has two lengths
 * @example einsum("ij,j->i", tensor([[1, 2], [3, 4]]), tensor([1, 1]))  // [3, 7]
 */
export function einsum(equation: string, ...operands: TensorLike[]): Tensor {
  const [left, right] = equation.split("->");
  if (left === undefined || right === undefined)
    throw new ArgumentError(`einsum: "${equation}" has no "->"\n  write the axes of the result behind it: "ij,jk->ik"`);
  const spaced = left.split(",").some((term) => /\S\s+\S/.test(term)) || /\S\s+\S/.test(right);
  const lettersOf = (term: string) =>
    spaced ? term.trim().split(/\s+/).filter(Boolean) : [...term.replaceAll(/\s/g, "")];
  const terms = left.split(",").map(lettersOf);
  const output = lettersOf(right);
  const inputs = operands.map((x) => toTensor(x));
  check(equation, terms, output, inputs);
  let result = diagonal({ tensor: inputs[0]!, letters: terms[0]! });
  for (let i = 1; i < inputs.length; i++) {
    const wanted = new Set([...output, ...terms.slice(i + 1).flat()]);
    result = contract(result, diagonal({ tensor: inputs[i]!, letters: terms[i]! }), wanted);
  }
  const kept = sumOut(result, new Set(output));
  return transpose(
    kept.tensor,
    output.map((letter) => kept.letters.indexOf(letter)),
  );
}

function check(
  equation: string,
  terms: readonly (readonly string[])[],
  output: readonly string[],
  inputs: readonly Tensor[],
): void {
  if (terms.length !== inputs.length)
    throw new ArgumentError(`einsum: "${equation}" names ${terms.length} operands but ${inputs.length} are given`);
  const lengths = new Map<string, number>();
  for (const [i, letters] of terms.entries()) {
    const { shape } = inputs[i]!;
    if (letters.length !== shape.length)
      throw new ShapeError(
        `einsum: operand ${i} is ${showShape(shape)} but "${letters.join(" ")}" names ${letters.length} axes`,
      );
    for (const [j, letter] of letters.entries()) {
      const known = lengths.get(letter);
      if (known !== undefined && known !== shape[j])
        throw new ShapeError(
          `einsum: "${letter}" is ${known} and ${shape[j]}\n` +
            `  ${inputs.map((x) => showShape(x.shape)).join(" ")}  (${equation})`,
        );
      lengths.set(letter, shape[j]!);
    }
  }
  for (const [i, letter] of output.entries()) {
    if (!lengths.has(letter))
      throw new ArgumentError(`einsum: "${letter}" is in the result but in no operand of "${equation}"`);
    if (output.indexOf(letter) !== i)
      throw new ArgumentError(`einsum: "${letter}" is twice in the result of "${equation}"`);
  }
}

/** A repeated letter means the diagonal of its axes: every length-th element plus one, in the flattened pair. */
function diagonal({ tensor, letters }: Lettered): Lettered {
  const twice = letters.findIndex((letter, i) => letters.indexOf(letter) !== i);
  if (twice < 0) return { tensor, letters };
  const first = letters.indexOf(letters[twice]!);
  const rest = letters.map((_, i) => i).filter((i) => i !== first && i !== twice);
  const n = tensor.shape[first]!;
  const kept = rest.map((i) => tensor.shape[i]!);
  const flat = reshape(transpose(tensor, [...rest, first, twice]), [...kept, n * n]);
  const picked = flat.slice([...kept.map(() => null), [0, null, n + 1]]);
  return diagonal({ tensor: picked, letters: [...rest.map((i) => letters[i]!), letters[first]!] });
}

function sumOut({ tensor, letters }: Lettered, wanted: ReadonlySet<string>): Lettered {
  const gone = letters.flatMap((letter, i) => (wanted.has(letter) ? [] : [i]));
  return gone.length === 0
    ? { tensor, letters }
    : { tensor: sum(tensor, gone), letters: letters.filter((letter) => wanted.has(letter)) };
}

/** The product of two, summed over what neither the rest nor the result wants: one batched matrix product. */
function contract(a: Lettered, b: Lettered, wanted: ReadonlySet<string>): Lettered {
  const left = sumOut(a, new Set([...wanted, ...b.letters]));
  const right = sumOut(b, new Set([...wanted, ...a.letters]));
  const common = left.letters.filter((letter) => right.letters.includes(letter));
  const batch = common.filter((letter) => wanted.has(letter));
  const inner = common.filter((letter) => !wanted.has(letter));
  const rows = left.letters.filter((letter) => !common.includes(letter));
  const columns = right.letters.filter((letter) => !common.includes(letter));
  const lengths = (x: Lettered, letters: readonly string[]) =>
    letters.map((letter) => x.tensor.shape[x.letters.indexOf(letter)]!);
  const arranged = (x: Lettered, ...groups: (readonly string[])[]) => {
    const order = [...batch, ...groups.flat()].map((letter) => x.letters.indexOf(letter));
    return reshape(transpose(x.tensor, order), [
      ...lengths(x, batch),
      ...groups.map((group) => sizeOf(lengths(x, group))),
    ]);
  };
  const product =
    inner.length === 0
      ? mul(arranged(left, rows, inner), arranged(right, inner, columns))
      : matmul(arranged(left, rows, inner), arranged(right, inner, columns));
  const letters = [...batch, ...rows, ...columns];
  return {
    tensor: reshape(product, [...lengths(left, batch), ...lengths(left, rows), ...lengths(right, columns)]),
    letters,
  };
}
