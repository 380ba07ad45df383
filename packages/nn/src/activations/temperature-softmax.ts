import { ArgumentError, div, softmax, type Tensor } from "@ansatz/core";

/**
 * Softmax with a temperature: yᵢ = e^(xᵢ / T) / Σⱼ e^(xⱼ / T). Below 1 it is sharper, above 1 flatter. A temperature
 * that is a tensor, such as `input(…)`, can change without recompiling.
 *
 * @throws ArgumentError unless the temperature is above 0
 * @example temperatureSoftmax(tensor([0, 2]), 2)  // [0.2689, 0.7311]
 */
export function temperatureSoftmax(
  x: Tensor,
  temperature: Tensor | number,
  options: { readonly axis?: number } = {},
): Tensor {
  if (typeof temperature === "number" && !(temperature > 0))
    throw new ArgumentError(
      `temperatureSoftmax: the temperature is ${temperature}\n` +
        "  use a number above 0; for a temperature of 0 take argmax",
    );
  return softmax(div(x, temperature), options.axis ?? -1);
}
