import { mobyDick, stateOfTheUnion } from "@ansatz/data";
import { passages, type Passage } from "@ansatz/data-retrieval";

/** Moby Dick and the newest State of the Union addresses, in passages of so many words. */
export function texts({ words, addresses }: { readonly words: number; readonly addresses: number }): Passage[] {
  const newest = stateOfTheUnion().slice(-addresses);
  return [
    ...passages(mobyDick(), { words, source: "Moby Dick" }),
    ...newest.flatMap(({ year, name, text }) => passages(text, { words, source: `${name}, ${year}` })),
  ];
}
