import { key } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";
import { asciiTokenizer, brownCorpus, mobyDick, spamMails, TokenWindows } from "@ansatz/data";

/** A mail without its headers, as tokens. */
export interface LabelledMail {
  readonly tokens: Int32Array;
  readonly spam: boolean;
}

export interface Corpus {
  readonly training: TokenWindows;
  readonly validation: TokenWindows;
}

/** Where the words of the experiment come from. */
export interface Texts {
  /** The Brown corpus: what a model learns first. */
  readonly general: Corpus;
  /** Mails: the domain. */
  readonly domain: Corpus;
  /** Moby Dick: another domain. */
  readonly wrongDomain: Corpus;
  /** Mails of the task, without their labels. */
  readonly task: TokenWindows;
  /** The same mails with their labels, then those to judge by. Half of each are spam. None is in `domain`. */
  readonly labelled: readonly LabelledMail[];
  readonly unseen: readonly LabelledMail[];
}

/** The texts of the experiment, one token for each character. They do not depend on the seed. */
export function texts({ context, labels, judged }: { context: number; labels: number; judged: number }): Texts {
  const mails = shuffled(spamMails()).map(({ text, spam }) => {
    const body = bodyOf(text);
    const tokens = asciiTokenizer.encode(body).subarray(0, context);
    return { body, tokens, spam, beginning: tokens.join() };
  });
  const beginnings = new Map<string, number>();
  for (const { beginning } of mails) beginnings.set(beginning, (beginnings.get(beginning) ?? 0) + 1);
  const long = mails.filter(({ tokens, beginning }) => tokens.length === context && beginnings.get(beginning) === 1);
  const [spam, wanted] = [long.filter((mail) => mail.spam), long.filter((mail) => !mail.spam)];
  const half = (labels + judged) / 2;
  const picked = new Set([...spam.slice(0, half), ...wanted.slice(0, half)]);
  const corpus = (text: string): Corpus => {
    const [training, validation] = TokenWindows.split(asciiTokenizer.encode(text), context, 0.9);
    return { training, validation };
  };
  const task = (from: number, to: number): LabelledMail[] =>
    Array.from({ length: to - from }, (_, i) => [spam[from + i]!, wanted[from + i]!])
      .flat()
      .map(({ tokens, spam }) => ({ tokens, spam }));
  const labelled = task(0, labels / 2);
  return {
    general: corpus(
      brownCorpus()
        .flatMap((text) => text.sentences.map(({ words }) => words.join(" ")))
        .join("\n"),
    ),
    domain: corpus(
      mails
        .filter((mail) => !picked.has(mail))
        .map((mail) => mail.body)
        .join("\n"),
    ),
    wrongDomain: corpus(mobyDick()),
    task: new TokenWindows(Int32Array.from(labelled.flatMap(({ tokens }) => [...tokens])), context),
    labelled,
    unseen: task(labels / 2, half),
  };
}

/** What follows the headers of a mail, as far as people read it. */
function bodyOf(text: string): string {
  return text
    .slice(Math.max(0, text.search(/\r?\n\r?\n/)))
    .trim()
    .slice(0, 1_000);
}

/** In an order that is always the same. */
function shuffled<T>(values: readonly T[]): readonly T[] {
  const [a, b] = key(0).words();
  return values
    .map((value, i) => [threefry2x32(a, b, 0, i)[0], value] as const)
    .toSorted(([one], [two]) => one - two)
    .map(([, value]) => value);
}
