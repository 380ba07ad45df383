import type { Hit, Row, Table } from "./database.ts";

/** The words of a text: letters and digits, in lower case. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{Alphabetic}\p{N}]+/gu) ?? [];
}

const k1 = 1.2;
const b = 0.75;

/**
 * Full-text search by BM25 with k₁ = 1.2 and b = 0.75, for databases that have none of their own.
 *
 *   score(q, d) = Σ_{w ∈ q} ln(1 + (N − n_w + ½) / (n_w + ½)) · f_w (k₁ + 1) / (f_w + k₁ (1 − b + b |d| / mean |d|))
 *
 * f_w counts the word in the passage, n_w the passages that have it, and N all passages. Robertson & Zaragoza 2009,
 * "The Probabilistic Relevance Framework: BM25 and Beyond", with the logarithm that is never negative.
 */
export class BM25 {
  readonly #postings = new Map<string, Map<Row, number>>();
  readonly #lengths = new Map<Row, number>();
  #words = 0;

  /** Reads all rows of a table. */
  static async of(table: Table): Promise<BM25> {
    const index = new BM25();
    for await (const rows of table.batches(1_000)) index.add(rows);
    return index;
  }

  add(rows: Iterable<Row>): void {
    for (const row of rows) {
      const words = wordsOf(row.text);
      this.#lengths.set(row, words.length);
      this.#words += words.length;
      for (const word of words) {
        const posting = this.#postings.get(word) ?? new Map<Row, number>();
        this.#postings.set(word, posting.set(row, (posting.get(row) ?? 0) + 1));
      }
    }
  }

  /** The k best passages. */
  search(query: string, k: number): Hit[] {
    const scores = new Map<Row, number>();
    const count = this.#lengths.size;
    for (const word of wordsOf(query)) {
      const posting = this.#postings.get(word) ?? new Map<Row, number>();
      const rarity = Math.log(1 + (count - posting.size + 0.5) / (posting.size + 0.5));
      for (const [row, frequency] of posting) {
        const length = (this.#lengths.get(row)! * count) / this.#words;
        const saturated = (frequency * (k1 + 1)) / (frequency + k1 * (1 - b + b * length));
        scores.set(row, (scores.get(row) ?? 0) + rarity * saturated);
      }
    }
    return [...scores]
      .toSorted(([, left], [, right]) => right - left)
      .slice(0, k)
      .map(([row, score]) => ({ ...row, score }));
  }
}
