import { ArgumentError } from "@ansatz/core";

/**
 * The layer that the factory in a slot of a model makes.
 *
 * @throws ArgumentError if there is no factory, or if it makes something else
 */
export function made<Given extends readonly unknown[], Layer extends object>(
  slot: string,
  factory: (...given: Given) => Layer,
  ...given: Given
): Layer {
  const layer: unknown = typeof factory === "function" ? factory(...given) : undefined;
  if (typeof layer === "object" && layer !== null && "forward" in layer) return layer as Layer;
  throw new ArgumentError(
    `${slot} is not a factory of layers\n` +
      "  use (width, options) => new Layer(width, options), or call the function of a plugin: linearAttention()",
  );
}
