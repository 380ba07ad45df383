import { parquetWriteBuffer } from "hyparquet-writer";
import type { MetricsTable } from "./table.ts";

/** A table as a Parquet file: the step, and a nullable column of 64-bit floats for each metric. */
export function toParquet({ steps, columns }: MetricsTable): Uint8Array {
  const data = [...columns].map(([name, column]) => ({
    name,
    data: column.map((value) => value ?? null),
    type: "DOUBLE" as const,
    nullable: true,
  }));
  return new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "step", data: [...steps], type: "DOUBLE", nullable: false }, ...data] }),
  );
}
