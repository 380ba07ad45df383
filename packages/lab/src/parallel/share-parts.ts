import { StateError, type RandomState, type TensorData } from "@ansatz/core";
import { allocate, defaultStream, sizeOf } from "@ansatz/core/plugin";
import type { Parts } from "../checkpoint.ts";
import { pathOf, putTensors, recordOf, setState, stateOf, takeTensors, type State } from "../stateful.ts";
import type { Ranks } from "./ranks.ts";

/** The state of parts as it is sent: plain values, then the bytes of each tensor. */
interface SentState {
  readonly plain: Readonly<Record<string, State>>;
  readonly tensors: Readonly<Record<string, Pick<TensorData, "dtype" | "shape">>>;
  /** Of the process-wide stream. */
  readonly random: RandomState;
}

/**
 * Gives the parts of a run the state that they have in the leading process, whether it loaded a checkpoint or made them
 * itself.
 */
export async function shareParts(ranks: Ranks, parts: Parts): Promise<void> {
  if (ranks.size === 1) return;
  const own = recordOf<TensorData>();
  const plain = recordOf<State>();
  if (ranks.leads)
    for (const [name, part] of Object.entries(parts)) plain[name] = takeTensors(await stateOf(part), pathOf(name), own);
  const sent = await ranks.share<SentState>({
    plain,
    tensors: Object.fromEntries(Object.entries(own).map(([path, { dtype, shape }]) => [path, { dtype, shape }])),
    random: defaultStream().state,
  });
  const received = recordOf<TensorData>();
  for (const [path, { dtype, shape }] of Object.entries(sent.tensors)) {
    const { data } = (received[path] = own[path] ?? { dtype, shape, data: allocate(dtype, sizeOf(shape)) });
    await ranks.shareBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  if (ranks.leads) return;
  for (const [name, part] of Object.entries(parts)) {
    const ownPath = (path: string) => path === pathOf(name) || path.startsWith(`${pathOf(name)}/`);
    const tensors = Object.fromEntries(Object.entries(received).filter(([path]) => ownPath(path)));
    setState(part, putTensors(sent.plain[name]!, pathOf(name), tensors, unknownPlace));
  }
  defaultStream().load(sent.random);
}

function unknownPlace(path: string): never {
  throw new StateError(
    `rank 0 sent "${path}", which has no place in the state of a part\n  start every process with the same program`,
  );
}
