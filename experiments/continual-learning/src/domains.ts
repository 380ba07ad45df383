import { asciiTokenizer, brownCorpus, mobyDick, pronunciations, spamMails, TokenWindows } from "@ansatz/data";

/** What a model learns, one after the other, in this order. */
export const domainNames = ["general", "mails", "whaling", "pronunciations"] as const;
export type DomainName = (typeof domainNames)[number];

/** Texts to learn from, and others to be judged by. */
export interface Domain {
  readonly name: DomainName;
  readonly training: TokenWindows;
  readonly validation: TokenWindows;
}

/** The domains, one token for each character. They do not depend on the seed. */
export function domainsOf(context: number): readonly Domain[] {
  const texts: Readonly<Record<DomainName, () => string>> = {
    general: () =>
      brownCorpus()
        .flatMap(({ sentences }) => sentences.map(({ words }) => words.join(" ")))
        .join("\n"),
    mails: () =>
      spamMails()
        .map(({ text }) => text.slice(Math.max(0, text.search(/\r?\n\r?\n/)), 3_000).trim())
        .join("\n"),
    whaling: mobyDick,
    pronunciations: () => [...pronunciations()].map(([word, phonemes]) => `${word}  ${phonemes.join(" ")}`).join("\n"),
  };
  return domainNames.map((name) => {
    const [training, validation] = TokenWindows.split(asciiTokenizer.encode(texts[name]()), context, 0.9);
    return { name, training, validation };
  });
}
