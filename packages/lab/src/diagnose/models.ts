import type { Cell, Module } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";

/** A model, or several models by their names. */
export type Models = Module | Readonly<Record<string, Module>>;

/** Each model with its name; a single model has an empty name. */
export function listModels(models: Models): (readonly [string, Module])[] {
  return isModule(models) ? [["", models]] : Object.entries(models);
}

/** The path of every parameter. It begins with the model's name if there are several models. */
export function parameterPaths(models: Models): Map<Cell, string> {
  const list = listModels(models);
  return new Map(
    list.flatMap(([name, model]) =>
      [...model.namedParameters()].map(([path, cell]) => [cell, list.length > 1 ? `${name}.${path}` : path] as const),
    ),
  );
}
