import { expect, test } from "vitest";
import { exp, grad, square, sum, tensor, type Tensor } from "../index.ts";
import { watchGradients } from "../plugin.ts";

test("tells which tensors the gradient rule of each tensor records, until it is ended", () => {
  const shown: { tensor: Tensor; first: number; last: number }[] = [];
  const end = watchGradients((tensor, first, last) => shown.push({ tensor, first, last }));
  const x = tensor([1, 2]);
  const squared = square(x);
  const grown = exp(squared);
  const [gradient] = grad(sum(grown), [x]) as [Tensor];
  end();
  const recorder = shown.find(({ first, last }) => first < gradient.node.id && gradient.node.id <= last);
  expect(recorder?.tensor).toBe(squared);
  expect(shown.filter(({ tensor }) => tensor === grown)).toHaveLength(1);
  const again = tensor([3]);
  grad(sum(exp(square(again))), [again]);
  expect(shown).toHaveLength(4); // of sum, exp and square, and of the sum of square's two
});
