import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AnsatzError, Optimizer, RandomStream, StateError, type RandomState, type TensorData } from "@ansatz/core";
import { defaultStream } from "@ansatz/core/plugin";
import { loadSafetensors, saveSafetensors, writeAtomically } from "@ansatz/data";
import { pathOf, putTensors, recordOf, setState, stateOf, takeTensors, type Part, type State } from "./stateful.ts";

/** A checkpoint that is missing or damaged, or has another format. */
export class CheckpointError extends AnsatzError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message);
    if (options.cause !== undefined) this.cause = options.cause;
  }
}

/** The parts that a checkpoint holds, by name: `{ model, optimizer }`. */
export type Parts = Readonly<Record<string, Part>>;

interface CheckpointManifest {
  readonly version: 2;
  readonly step: number;
  readonly file: string;
  readonly sha256: string;
  /** The plain values of each part's state; its tensors are in the file, under their paths. */
  readonly parts: Readonly<Record<string, State>>;
  /** The state of the process-wide random stream. Checkpoints of earlier versions have none. */
  readonly random?: RandomState;
  /** The checksum of all other entries. */
  readonly checksum: string;
}

const manifestName = "checkpoint.json";
/** Files of earlier checkpoints, and partial files of a process that was killed while it saved. */
const leftover = /^(step-\d+(-again)?\.safetensors|(step-\d+(-again)?\.safetensors|checkpoint\.json)\.\d+\.partial)$/;

/**
 * Saves parts of a run to its folder: modules with their random streams, optimizers, random streams, and anything else
 * that has a state.
 *
 * The checkpoint also holds the state of the process-wide random stream (`seed`).
 *
 * The tensors are written to a separate file first. The manifest, which names that file and its checksum, is renamed
 * into place last. Whatever happens in between, the folder holds one whole checkpoint: this one or the previous one.
 *
 * @throws WriteError if there is no space or no permission; the previous checkpoint is then untouched
 */
export async function saveCheckpoint(folder: string, step: number, parts: Parts): Promise<void> {
  const tensors = recordOf<TensorData>();
  const plain = recordOf<State>();
  for (const [name, part] of Object.entries(parts))
    plain[name] = takeTensors(await stateOf(part), pathOf(name), tensors);
  const previous = await readManifest(folder).catch(() => undefined); // no earlier checkpoint, or a damaged one
  const file =
    previous?.file === `step-${step}.safetensors` ? `step-${step}-again.safetensors` : `step-${step}.safetensors`;
  await saveSafetensors(join(folder, file), tensors);
  try {
    const sha256 = await checksum(join(folder, file));
    const text = textOf({ version: 2, step, file, sha256, parts: plain, random: defaultStream().state });
    await writeAtomically(join(folder, manifestName), [new TextEncoder().encode(text)]);
  } catch (error) {
    await rm(join(folder, file), { force: true });
    throw error;
  }
  for (const name of await readdir(folder))
    if (name !== file && leftover.test(name)) await rm(join(folder, name), { force: true });
}

/** Whether a run's folder holds a checkpoint. */
export function hasCheckpoint(folder: string): boolean {
  return existsSync(join(folder, manifestName));
}

/** What a checkpoint says of itself. */
export interface CheckpointSummary {
  readonly step: number;
  /** The checksum of its tensors. */
  readonly sha256: string;
  /** The names of its parts. */
  readonly parts: readonly string[];
}

/** Describes a checkpoint without its tensors. @throws CheckpointError if it is missing or its manifest is damaged */
export async function describeCheckpoint(folder: string): Promise<CheckpointSummary> {
  const { step, sha256, parts } = await readManifest(folder);
  return { step, sha256, parts: Object.keys(parts) };
}

/**
 * Loads a checkpoint into parts with the names that it was saved under, and returns its step.
 *
 * The process-wide random stream resumes, too; a checkpoint without its state leaves the stream as it is. If a part
 * does not fit, nothing is changed.
 *
 * @throws CheckpointError if it is missing or damaged, or has another version of the format; StateError if it does not
 * fit the parts
 */
export async function loadCheckpoint(folder: string, parts: Parts): Promise<number> {
  const { step, states, random } = await readCheckpoint(folder);
  checkNames(folder, [...states.keys()], Object.keys(parts));
  await setStates(folder, parts, states, random);
  if (random !== undefined) defaultStream().load(random);
  return step;
}

/**
 * Loads some parts of a checkpoint, such as the weights of a model that another run trained. The checkpoint may hold
 * others, and random streams stay as they are. If a part does not fit, nothing is changed.
 *
 * @throws CheckpointError as `loadCheckpoint`; StateError if it lacks a part, or a part does not fit
 */
export async function loadParts(folder: string, parts: Parts): Promise<void> {
  const { states } = await readCheckpoint(folder);
  const missing = Object.keys(parts).filter((name) => !states.has(name));
  if (missing.length > 0)
    throw new StateError(
      `the checkpoint in ${folder} has no ${missing.join(" and no ")}\n  it holds ${[...states.keys()].join(", ")}`,
    );
  await setStates(folder, parts, states);
}

/** Reads a whole checkpoint. @throws CheckpointError */
async function readCheckpoint(folder: string): Promise<{
  readonly step: number;
  readonly states: ReadonlyMap<string, State>;
  readonly random: RandomState | undefined;
}> {
  const { file, sha256, step, parts: plain, random } = await readManifest(folder);
  const path = join(folder, file);
  if (!existsSync(path))
    throw new CheckpointError(
      `${path} is missing, but the checkpoint needs it\n  restore it from a copy, or start again`,
    );
  if ((await checksum(path)) !== sha256)
    throw new CheckpointError(`${path} is damaged: its checksum is wrong\n  restore it from a copy, or start again`);
  const { tensors } = await loadSafetensors(path);
  return { step, states: statesOf(path, plain, tensors), random };
}

/** Gives each part its state: all of them or, if one does not fit or `random` isn't the state of a stream, none. */
async function setStates(
  folder: string,
  parts: Parts,
  states: ReadonlyMap<string, State>,
  random?: RandomState,
): Promise<void> {
  // An optimizer checks a state before it changes, so if it comes last, it needs no copy to go back to. It would be the
  // largest.
  const order = Object.entries(parts).toSorted(
    ([, a], [, b]) => Number(a instanceof Optimizer) - Number(b instanceof Optimizer),
  );
  const before: (readonly [Part, State])[] = [];
  try {
    if (random !== undefined) new RandomStream(0).load(random);
    for (const [i, [name, part]] of order.entries()) {
      if (i < order.length - 1 || !(part instanceof Optimizer)) before.push([part, await stateOf(part)]);
      setState(part, states.get(name)!);
    }
  } catch (error) {
    for (const [part, state] of before) setState(part, state);
    if (error instanceof AnsatzError) throw error;
    throw new CheckpointError(
      `${join(folder, manifestName)} holds a state that a part cannot take: ${(error as Error).message}\n` +
        "  restore it from a copy, or start again",
      { cause: error },
    );
  }
}

/** The state of each part, with its tensors. @throws CheckpointError for a tensor that has no place in a state */
function statesOf(
  path: string,
  plain: Readonly<Record<string, State>>,
  tensors: Readonly<Record<string, TensorData>>,
): Map<string, State> {
  const fail = (tensor: string): never => {
    throw new CheckpointError(
      `${path} holds the tensor "${tensor}", which has no place in the state of a part\n` +
        "  restore it from a copy, or start again",
    );
  };
  const paths = Object.keys(plain).map(pathOf);
  for (const tensor of Object.keys(tensors)) if (!paths.includes(tensor.split("/")[0]!)) fail(tensor);
  return new Map(Object.entries(plain).map(([name, state]) => [name, putTensors(state, pathOf(name), tensors, fail)]));
}

/** @throws StateError */
function checkNames(folder: string, saved: readonly string[], wanted: readonly string[]): void {
  const problems = [
    ...wanted.filter((name) => !saved.includes(name)).map((name) => `missing: ${name}`),
    ...saved.filter((name) => !wanted.includes(name)).map((name) => `extra: ${name}`),
  ];
  if (problems.length > 0)
    throw new StateError(`the checkpoint in ${folder} holds other parts\n  ${problems.join("\n  ")}`);
}

async function readManifest(folder: string): Promise<CheckpointManifest> {
  const path = join(folder, manifestName);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new CheckpointError(
      `${path} cannot be read: ${error.message}\n  check that this is the folder of a run that has saved a checkpoint`,
    );
  });
  const fail = (what: string) =>
    new CheckpointError(`${path} is damaged: ${what}\n  restore it from a copy, or start again`);
  let manifest: Partial<CheckpointManifest> | null;
  try {
    manifest = JSON.parse(text) as Partial<CheckpointManifest> | null;
  } catch {
    throw fail("it isn't valid JSON");
  }
  const { version, file, sha256, step, parts } = manifest ?? {};
  if (Number.isInteger(version) && version !== 2) {
    throw new CheckpointError(
      `${path} has version ${version} of the format, and this @ansatz/lab reads version 2\n` +
        "  resume with the @ansatz/lab that wrote it, or start again",
    );
  }
  if (
    version !== 2 ||
    typeof file !== "string" ||
    !/^step-\d+(-again)?\.safetensors$/.test(file) ||
    typeof sha256 !== "string" ||
    !Number.isSafeInteger(step) ||
    step! < 0 ||
    typeof parts !== "object" ||
    parts === null
  ) {
    throw fail("an entry is missing or has the wrong type");
  }
  const { checksum: _checksum, ...entries } = manifest as CheckpointManifest;
  if (!isTextOf(entries, text)) throw fail("its checksum is wrong");
  return manifest as CheckpointManifest;
}

/** Whether a text is that of a manifest. One that is nested too deep to be written is none. */
function isTextOf(entries: Omit<CheckpointManifest, "checksum">, text: string): boolean {
  try {
    return textOf(entries) === text;
  } catch {
    return false;
  }
}

/** The text of a manifest with its checksum: each manifest has exactly one. */
function textOf(entries: Omit<CheckpointManifest, "checksum">): string {
  const sum = createHash("sha256").update(JSON.stringify(entries)).digest("hex");
  return `${JSON.stringify({ ...entries, checksum: sum }, null, 2)}\n`;
}

async function checksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw new CheckpointError(
      `${path} cannot be read: ${(error as Error).message}\n  restore it from a copy, or start again`,
    );
  }
  return hash.digest("hex");
}
