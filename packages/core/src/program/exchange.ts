import type { Backend, BackendBuffer, Graph } from "../contract/backend.ts";
import { communicatorWith, type Communicator } from "../contract/communicator.ts";
import { allocate, sizeOf, type Shape } from "../contract/dtype.ts";

/** A value's place in the flat array. */
interface Place {
  /** Of the value in the graph: what is sent, or the `part` that is received. */
  readonly position: number;
  readonly start: number;
  readonly shape: Shape;
}

/** The values of one dtype, as one array that every run uses again. */
interface Parcel {
  readonly dtype: "float32" | "float64";
  readonly flat: Float32Array | Float64Array;
  readonly sent: readonly Place[];
  readonly received: readonly Place[];
}

/** What one `sumOverRanks` node of a graph exchanges between processes. */
export class Exchange {
  readonly #communicator: Communicator;
  readonly #parcels: readonly Parcel[];

  constructor({ nodes }: Graph, exchange: number) {
    const { inputs, attributes } = nodes[exchange]!;
    this.#communicator = communicatorWith(attributes["communicator"] as number);
    this.#parcels = (["float32", "float64"] as const).flatMap((dtype) => {
      const positions = [...new Set(inputs)].filter((position) => nodes[position]!.dtype === dtype);
      let length = 0;
      const sent = positions.map((position): Place => {
        const { shape } = nodes[position]!;
        const start = length;
        length += sizeOf(shape);
        return { position, start, shape };
      });
      const startOf = new Map(sent.map(({ position, start }) => [position, start]));
      const received = [...nodes.entries()].flatMap(
        ([
          position,
          {
            op,
            inputs: [owner],
            attributes: own,
            shape,
          },
        ]) => {
          const start = op === "part" && owner === exchange && startOf.get(inputs[own["index"] as number]!);
          return typeof start === "number" ? [{ position, start, shape }] : [];
        },
      );
      return sent.length === 0 ? [] : [{ dtype, flat: allocate(dtype, length) as Parcel["flat"], sent, received }];
    });
  }

  /** Sends values and gives back their sums, by the positions of the parts. */
  async run(backend: Backend, valueOf: (position: number) => BackendBuffer): Promise<Map<number, BackendBuffer>> {
    const sums = new Map<number, BackendBuffer>();
    for (const { dtype, flat, sent, received } of this.#parcels) {
      for (const { position, start } of sent) {
        const buffer = valueOf(position);
        flat.set(backend.view?.(buffer) ?? (await backend.download(buffer)), start);
      }
      await this.#communicator.sum(flat);
      for (const { position, start, shape } of received) {
        const place = flat.subarray(start, start + sizeOf(shape));
        const values = backend.releasesInputs === true ? place : place.slice(); // written again in the next run
        sums.set(position, backend.upload(values, shape, dtype));
      }
    }
    return sums;
  }
}
