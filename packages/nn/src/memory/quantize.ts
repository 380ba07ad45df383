import type { Module } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";
import { Linear } from "../layers/linear.ts";
import { QuantizedLinear, type QuantizationError } from "./quantized-linear.ts";

/**
 * Replaces every `Linear` inside a model by a layer with 8-bit weights, in place. Returns the error of each by its
 * path.
 *
 * For inference, or for a frozen base below layers that are trained. The state dict of the model then has 8-bit
 * entries.
 *
 * @example Object.keys(await quantize(new Sequential(new Linear(3, 2))))  // ["layers.0"]
 */
export async function quantize(model: Module): Promise<Record<string, QuantizationError>> {
  const errors: Record<string, QuantizationError> = {};
  const walk = async (owner: object, path: string): Promise<void> => {
    for (const [name, child] of Object.entries(owner) as [string, unknown][]) {
      const place = path === "" ? name : `${path}.${name}`;
      if (child instanceof Linear) {
        const quantized = await QuantizedLinear.of(child);
        (owner as Record<string, unknown>)[name] = quantized;
        errors[place] = quantized.error;
      } else if (isModule(child) || Array.isArray(child)) await walk(child, place);
    }
  };
  await walk(model, "");
  return errors;
}
