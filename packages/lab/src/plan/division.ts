/** How devices divide the training of a model: data × tensor × pipeline of them. */
export interface Division {
  /** Replicas of the model, each with a share of every batch. */
  readonly data: number;
  /** Devices that divide each matrix. */
  readonly tensor: number;
  /** Stages of layers that follow one another. */
  readonly pipeline: number;
  /** Whether the replicas divide the state of the optimizer, too (ZeRO stage 1). */
  readonly sharded: boolean;
}

/** The common name of a division, such as "ZeRO-1" or "tensor and pipeline parallel". */
export function nameOf({ data, tensor, pipeline, sharded }: Division): string {
  const kinds = [
    ...(data > 1 ? [sharded ? "ZeRO-1" : "data"] : []),
    ...(tensor > 1 ? ["tensor"] : []),
    ...(pipeline > 1 ? ["pipeline"] : []),
  ];
  if (kinds.length === 0) return "one device";
  return kinds.length === 1 && sharded ? kinds[0]! : `${kinds.join(", ")} parallel`;
}

/**
 * All divisions of a batch of sequences and a model among devices. Those that divide a matrix are in one machine, and
 * have equally many heads. Every replica has equally many sequences.
 */
export function divisionsOf(
  devices: number,
  of: { readonly batch: number; readonly layers: number; readonly heads: number; readonly perMachine: number },
): Division[] {
  const divisors = Array.from({ length: devices }, (_, i) => i + 1).filter((number) => devices % number === 0);
  return divisors.flatMap((tensor) =>
    divisors.flatMap((pipeline): Division[] => {
      const data = devices / tensor / pipeline;
      if (!Number.isInteger(data) || tensor > of.perMachine || of.heads % tensor !== 0) return [];
      if (pipeline > of.layers || of.batch % data !== 0) return [];
      return [false, ...(data > 1 ? [true] : [])].map((sharded) => ({ data, tensor, pipeline, sharded }));
    }),
  );
}
