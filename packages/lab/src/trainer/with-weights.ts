import type { Module, StateDict } from "@ansatz/core";

/** The values of a model's parameters, without its buffers. */
export async function weightsOf(model: Module): Promise<StateDict> {
  const names = model.namedParameters({ frozen: true });
  return Object.fromEntries(Object.entries(await model.stateDict()).filter(([name]) => names.has(name)));
}

/** Sets a model's parameters; its buffers stay. @throws StateError if they do not fit */
export async function setWeights(model: Module, weights: StateDict): Promise<void> {
  model.loadStateDict({ ...(await model.stateDict()), ...weights });
}

/** Runs `work` while a model has other weights, then restores its own. */
export async function withWeights<R>(model: Module, weights: StateDict, work: () => R | Promise<R>): Promise<R> {
  const own = await weightsOf(model);
  await setWeights(model, weights);
  try {
    return await work();
  } finally {
    await setWeights(model, own);
  }
}
