import type { TypedArray } from "@ansatz/core";
import type { Tokenizer } from "@ansatz/data";

/** Counts which characters go to which expert of a layer. */
export class Specialists {
  readonly #counts: readonly Float64Array[]; // of each character, for each expert
  readonly #tokenizer: Tokenizer;

  constructor(experts: number, tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    this.#counts = Array.from({ length: experts }, () => new Float64Array(tokenizer.vocabularySize));
  }

  count(characters: TypedArray, experts: TypedArray): void {
    for (const [place, expert] of experts.entries()) this.#counts[expert]![characters[place]!]!++;
  }

  /**
   * The largest load in equal shares, and the mutual information of character and expert in shares of the expert's
   * entropy: 0 if the character says nothing about its expert, 1 if it says all.
   */
  figures() {
    const loads = this.#counts.map(total);
    const all = loads.reduce((sum, load) => sum + load, 0);
    const characters = this.#counts[0]!.map((_, character) => total(this.#counts.map((own) => own[character]!)));
    const information = this.#counts.flatMap((own, expert) =>
      Array.from(own, (count, character) =>
        count === 0 ? 0 : (count / all) * Math.log((count * all) / (loads[expert]! * characters[character]!)),
      ),
    );
    const entropy = loads.map((load) => (load === 0 ? 0 : (-load / all) * Math.log(load / all)));
    return {
      largestLoadInEvaluation: (Math.max(...loads) / all) * loads.length,
      informationOfCharacter: total(entropy) === 0 ? 0 : total(information) / total(entropy),
    };
  }

  /** A line for each expert: its load, and the characters that make up most of it. */
  describe(): string {
    const all = total(this.#counts.map(total));
    return this.#counts
      .map((own, expert) => {
        const most = [...own.keys()].toSorted((a, b) => own[b]! - own[a]!).filter((character) => own[character]! > 0);
        const shares = most.slice(0, 8).map((character) => {
          const text = JSON.stringify(this.#tokenizer.decode([character]));
          return `${text} ${Math.round((100 * own[character]!) / total(own))} %`;
        });
        return `expert ${expert}: ${Math.round((100 * total(own)) / all)} % of the characters: ${shares.join(", ")}`;
      })
      .join("\n");
  }
}

function total(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}
