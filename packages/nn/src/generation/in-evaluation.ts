import type { Module } from "@ansatz/core";

/** Runs something with a model in evaluation mode. Afterwards every module has the mode it had, also after an error. */
export async function inEvaluation<T>(model: Module, run: () => Promise<T>): Promise<T> {
  const modes = [...model.namedModules().values()].map((module) => ({ module, training: module.training }));
  model.eval();
  try {
    return await run();
  } finally {
    for (const { module, training } of modes)
      if (training) module.train();
      else module.eval(); // outer modules come first, so the inner ones have the last word
  }
}
