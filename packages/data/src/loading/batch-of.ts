/**
 * The type of the batches that a loader or a dataset gives.
 *
 * `type Batch = BatchOf<typeof loader>` names what `for await (const batch of loader)` gets.
 */
export type BatchOf<Source> =
  Source extends AsyncIterable<infer Batch>
    ? Batch
    : Source extends { batch(places: Int32Array, key: never): infer Batch }
      ? Awaited<Batch>
      : never;
