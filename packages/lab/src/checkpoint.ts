import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AnsatzError, Optimizer, RandomStream, StateError, type RandomState, type TensorData } from "@ansatz/core";
import { defaultStream } from "@ansatz/core/plugin";
import { loadSafetensors, saveSafetensors } from "@ansatz/data";
import { writeWhole } from "./run-folder.ts";
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
  /** See `SaveOptions`. */
  readonly cost?: number;
}

/** The manifest of the newest checkpoint. That of an earlier one is named after its file: `step-40.json`. */
const manifestName = "checkpoint.json";
/** Files of checkpoints, and partial files of a process that was killed while it saved. */
const leftover = /^(step-\d+(-again)?|checkpoint(?=\.json\.))\.(safetensors|json)(\.\d+\.partial)?$/;
/** What helps against damage, unless an earlier checkpoint is whole. */
const startAgain = "restore it from a copy, or start again";

/** Which checkpoints a save leaves in the folder besides the new one. */
export interface SaveOptions {
  /** The number of checkpoints to keep, with the new one. Default: 1. */
  readonly keep?: number;
  /** How bad the new one is, such as its validation loss: the one with the lowest cost is kept, too. */
  readonly cost?: number;
}

/**
 * Saves parts of a run to its folder: modules with their random streams, optimizers, random streams, and anything else
 * that has a state.
 *
 * The checkpoint also holds the state of the process-wide random stream (`seed`).
 *
 * The tensors are written to a separate file first. The manifest, which names that file and its checksum, is renamed
 * into place last. Whatever happens in between, the folder holds one whole checkpoint: this one or the previous one.
 * Earlier ones are removed, unless `keep` or `cost` says otherwise; those of the same step or a later one always are.
 *
 * @throws WriteError if there is no space or no permission; the previous checkpoint is then untouched
 */
export async function saveCheckpoint(
  folder: string,
  step: number,
  parts: Parts,
  { keep = 1, cost }: SaveOptions = {},
): Promise<void> {
  const tensors = recordOf<TensorData>();
  const plain = recordOf<State>();
  for (const [name, part] of Object.entries(parts))
    plain[name] = takeTensors(await stateOf(part), pathOf(name), tensors);
  const known = await manifestsIn(folder);
  const file = known.some((earlier) => earlier.file === `step-${step}.safetensors`)
    ? `step-${step}-again.safetensors`
    : `step-${step}.safetensors`;
  await saveSafetensors(join(folder, file), tensors);
  const earlier = known.filter((one) => one.step < step);
  const best = bestOf([...earlier, { step, cost }]);
  const kept = earlier.filter((one, i) => i < keep - 1 || one.step === best?.step);
  try {
    const sha256 = await checksum(join(folder, file));
    const random = defaultStream().state;
    for (const one of kept) await writeWhole(join(folder, nameOf(one)), textOf(one));
    const about = { step, file, sha256, parts: plain, random, ...(cost !== undefined && { cost }) };
    const manifest = { version: 2, ...about } as const;
    await writeWhole(join(folder, manifestName), textOf(manifest));
  } catch (error) {
    await rm(join(folder, file), { force: true });
    throw error;
  }
  await removeAllBut(folder, file, kept);
}

/** The name of the manifest of an earlier checkpoint. */
function nameOf({ file }: CheckpointManifest): string {
  return file.replace(/safetensors$/, "json");
}

/** The checkpoint with the lowest cost, the latest if several have it; undefined if none has a cost. */
function bestOf<One extends { readonly step: number; readonly cost?: number | undefined }>(
  checkpoints: readonly One[],
): One | undefined {
  return checkpoints
    .filter((one) => one.cost !== undefined)
    .toSorted((a, b) => a.cost! - b.cost! || b.step - a.step)[0];
}

/** The whole manifests in a folder, the newest first. Whether their tensors are whole is not checked. */
async function manifestsIn(folder: string): Promise<CheckpointManifest[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => leftover.test(name) && name.endsWith(".json"));
  const read = await Promise.all([manifestName, ...names].map((name) => readManifest(folder, name).catch(() => [])));
  const manifests = new Map(read.flat().map((one) => [one.file, one]));
  return [...manifests.values()].toSorted((a, b) => b.step - a.step);
}

/** Removes the files of all checkpoints but the newest, which has this file, and those that are kept. */
async function removeAllBut(folder: string, file: string, kept: readonly CheckpointManifest[]): Promise<void> {
  const needed = [file, ...kept.flatMap((one) => [one.file, nameOf(one)])];
  for (const name of await readdir(folder))
    if (!needed.includes(name) && leftover.test(name)) await rm(join(folder, name), { force: true });
}

/** The lowest cost of a folder's checkpoints; Infinity if none has a cost. */
export async function lowestCost(folder: string): Promise<number> {
  return bestOf(await manifestsIn(folder))?.cost ?? Infinity;
}

/**
 * Makes an earlier checkpoint the newest one again, and removes those that are later.
 * @throws CheckpointError if there is none of that step, or if it is damaged
 */
export async function goBackTo(folder: string, step: number): Promise<void> {
  const manifest = await manifestOf(folder, step);
  await checkTensors(folder, manifest);
  await writeWhole(join(folder, manifestName), textOf(manifest));
  const earlier = (await manifestsIn(folder)).filter((one) => one.step < step);
  await removeAllBut(folder, manifest.file, earlier);
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

/**
 * Describes a folder's newest checkpoint, or that of a step, without its tensors.
 * @throws CheckpointError if it is missing or its manifest is damaged
 */
export async function describeCheckpoint(folder: string, at?: number): Promise<CheckpointSummary> {
  const { step, sha256, parts } = await manifestOf(folder, at);
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
 * Loads some parts of a folder's newest checkpoint, or of that of a step, such as the weights of a model that another
 * run trained. The checkpoint may hold others, and random streams stay as they are. If a part does not fit, nothing is
 * changed.
 *
 * @throws CheckpointError as `loadCheckpoint`; StateError if it lacks a part, or a part does not fit
 */
export async function loadParts(folder: string, parts: Parts, step?: number): Promise<void> {
  const { states } = await readCheckpoint(folder, step);
  const missing = Object.keys(parts).filter((name) => !states.has(name));
  if (missing.length > 0)
    throw new StateError(
      `the checkpoint in ${folder} has no ${missing.join(" and no ")}\n  it holds ${[...states.keys()].join(", ")}`,
    );
  await setStates(folder, parts, states);
}

/** The steps of a folder's checkpoints, the first one first. Whether their tensors are whole is not checked. */
export async function checkpointSteps(folder: string): Promise<number[]> {
  return (await manifestsIn(folder)).map(({ step }) => step).toReversed();
}

/** Reads a whole checkpoint, the newest or that of a step, without parts to load it into. @throws CheckpointError */
export async function readCheckpoint(
  folder: string,
  at?: number,
): Promise<{ step: number; states: Map<string, State>; random: RandomState | undefined }> {
  const manifest = await manifestOf(folder, at);
  await checkTensors(folder, manifest).catch((error: Error) => offerEarlier(folder, error, manifest.step));
  const { step, random, parts, file } = manifest;
  const path = join(folder, file);
  return { step, states: statesOf(path, parts, (await loadSafetensors(path)).tensors), random };
}

/** The manifest of the newest checkpoint, or of that of a step. @throws CheckpointError */
async function manifestOf(folder: string, step?: number): Promise<CheckpointManifest> {
  if (step === undefined) return readManifest(folder).catch((error: Error) => offerEarlier(folder, error));
  const known = await manifestsIn(folder);
  const found = known.find((one) => one.step === step);
  if (found !== undefined) return found;
  const steps = known.map((one) => one.step).join(", ");
  throw new CheckpointError(
    `${folder} has no checkpoint of step ${step}\n  ${steps === "" ? "it has none" : `it has those of steps ${steps}`}`,
  );
}

/** @throws CheckpointError if the file with a checkpoint's tensors is missing or damaged */
async function checkTensors(folder: string, { file, sha256 }: CheckpointManifest): Promise<void> {
  const path = join(folder, file);
  if (!existsSync(path)) throw new CheckpointError(`${path} is missing, but the checkpoint needs it\n  ${startAgain}`);
  if ((await checksum(path)) !== sha256)
    throw new CheckpointError(`${path} is damaged: its checksum is wrong\n  ${startAgain}`);
}

/** Throws the error of a damaged checkpoint: if one before its step is whole, it says how to resume from that. */
async function offerEarlier(folder: string, error: Error, step = Infinity): Promise<never> {
  for (const earlier of (await manifestsIn(folder)).filter((one) => one.step < step)) {
    const whole = await checkTensors(folder, earlier).then(
      () => true,
      () => false,
    );
    const offer = `use the checkpoint of step ${earlier.step}, which is whole: --checkpoint ${earlier.step}`;
    if (whole) throw new CheckpointError(error.message.replace(startAgain, offer), { cause: error });
  }
  throw error;
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
        `  ${startAgain}`,
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
      `${path} holds the tensor "${tensor}", which has no place in the state of a part\n` + `  ${startAgain}`,
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

async function readManifest(folder: string, name = manifestName): Promise<CheckpointManifest> {
  const path = join(folder, name);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new CheckpointError(
      `${path} cannot be read: ${error.message}\n  check that this is the folder of a run that has saved a checkpoint`,
    );
  });
  const fail = (what: string) => new CheckpointError(`${path} is damaged: ${what}\n  ${startAgain}`);
  let manifest: (Partial<CheckpointManifest> & { readonly checksum?: unknown }) | null;
  try {
    manifest = JSON.parse(text) as typeof manifest;
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
  const { checksum: _checksum, ...entries } = manifest!;
  if (!isTextOf(entries as CheckpointManifest, text)) throw fail("its checksum is wrong");
  return entries as CheckpointManifest;
}

/** Whether a text is that of a manifest. One that is nested too deep to be written is none. */
function isTextOf(entries: CheckpointManifest, text: string): boolean {
  try {
    return textOf(entries) === text;
  } catch {
    return false;
  }
}

/** The text of a manifest with its checksum: each manifest has exactly one. */
function textOf(entries: CheckpointManifest): string {
  const sum = createHash("sha256").update(JSON.stringify(entries)).digest("hex");
  return `${JSON.stringify({ ...entries, checksum: sum }, null, 2)}\n`;
}

async function checksum(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw new CheckpointError(`${path} cannot be read: ${(error as Error).message}\n  ${startAgain}`);
  }
  return hash.digest("hex");
}
