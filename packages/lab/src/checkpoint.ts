import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AnsatzError, type Module, type Optimizer, type StateDict, type TensorData } from "@ansatz/core";
import { loadSafetensors, saveSafetensors, writeAtomically } from "@ansatz/data";

/** A checkpoint that is damaged or does not fit. */
export class CheckpointError extends AnsatzError {}

interface Manifest {
  readonly version: 1;
  readonly file: string;
  readonly sha256: string;
  readonly step: number;
  readonly rule: string;
  readonly randomState: Parameters<Module["loadRandomState"]>[0];
  /** Of all the other entries. */
  readonly checksum: string;
}

const manifestName = "checkpoint.json";

/**
 * Saves a model, its random streams and its optimizer into a run's folder.
 *
 * The tensors go to a file of their own first; the manifest, which names that file and its checksum, is renamed into place
 * last. Whatever happens in between, the folder holds one whole checkpoint: this one or the one before.
 *
 * @throws WriteError where there is no space or no permission; the checkpoint before this one is then untouched
 */
export async function saveCheckpoint(folder: string, model: Module, optimizer: Optimizer): Promise<void> {
  const { step, rule, state } = await optimizer.stateDict();
  const tensors: StateDict = { ...prefixed("model/", await model.stateDict()), ...prefixed("optimizer/", state) };
  const previous = await readManifest(folder).catch(() => undefined); // there is none, or none that could be lost
  const file = previous?.file === `step-${step}.safetensors` ? `step-${step}-again.safetensors` : `step-${step}.safetensors`;
  await saveSafetensors(join(folder, file), tensors);
  try {
    const text = textOf({ version: 1, file, sha256: await checksum(join(folder, file)), step, rule, randomState: model.randomState() });
    await writeAtomically(join(folder, manifestName), [new TextEncoder().encode(text)]);
  } catch (error) {
    await rm(join(folder, file), { force: true });
    throw error;
  }
  if (previous !== undefined) await rm(join(folder, previous.file), { force: true });
}

/** Whether a run's folder holds a checkpoint. */
export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/**
 * Loads a checkpoint into a model and an optimizer; returns the number of steps done.
 *
 * What does not fit changes nothing.
 *
 * @throws CheckpointError when it is missing or damaged; StateError when it does not fit the model or the rule
 */
export async function loadCheckpoint(folder: string, model: Module, optimizer: Optimizer): Promise<number> {
  const { file, sha256, step, rule, randomState } = await readManifest(folder);
  const path = join(folder, file);
  if (!existsSync(path)) throw new CheckpointError(`${path} is missing\n  the manifest beside it names it; restore it, or start again`);
  if ((await checksum(path)) !== sha256) throw new CheckpointError(`${path} is damaged: its checksum is not the one that was saved\n  restore it from a copy, or start again`);
  const { tensors } = await loadSafetensors(path);
  const before = { state: await model.stateDict(), randomState: model.randomState() };
  model.loadStateDict(only("model/", tensors));
  try {
    model.loadRandomState(randomState);
    optimizer.loadStateDict({ rule, step, state: only("optimizer/", tensors) });
  } catch (error) {
    model.loadStateDict(before.state);
    model.loadRandomState(before.randomState);
    throw error;
  }
  return step;
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestName);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new CheckpointError(`${path} cannot be read: ${error.message}\n  is this the folder of a run that has saved?`);
  });
  const fail = (what: string) => new CheckpointError(`${path} is damaged: ${what}\n  restore it from a copy, or start again`);
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(text) as Partial<Manifest> | null;
  } catch {
    throw fail("it is no JSON");
  }
  const { version, file, sha256, step, rule, randomState } = manifest ?? {};
  if (version !== 1 || typeof file !== "string" || /[/\\]/.test(file) || typeof sha256 !== "string" || !Number.isInteger(step) || typeof rule !== "string" || typeof randomState !== "object" || randomState === null) {
    throw fail("an entry is missing or of a wrong kind");
  }
  const { checksum: _checksum, ...entries } = manifest as Manifest;
  if (textOf(entries) !== text) throw fail("its checksum is not the one that was saved");
  return manifest as Manifest;
}

/** A manifest as it is written: with its checksum, and no other way. */
function textOf(entries: Omit<Manifest, "checksum">): string {
  const sum = createHash("sha256").update(JSON.stringify(entries)).digest("hex");
  return `${JSON.stringify({ ...entries, checksum: sum }, null, 2)}\n`;
}

async function checksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function prefixed(prefix: string, state: StateDict): Record<string, TensorData> {
  return Object.fromEntries(Object.entries(state).map(([name, data]) => [prefix + name, data]));
}

function only(prefix: string, state: StateDict): StateDict {
  return Object.fromEntries(Object.entries(state).flatMap(([name, data]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [])));
}
