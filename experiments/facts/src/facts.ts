import { ArgumentError, tensor, type RandomKey, type Tensor } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";
import type { Passage } from "@ansatz/data-retrieval";

/** Names that are frequent in the Brown corpus. */
const firstNames = (
  "John William Robert George Bill Charles Bob James Richard Jack Thomas Joseph Henry Frank Tom Louis Joe Walter " +
  "Arthur Jim Paul Don Samuel Sam Harry Alexander David Peter Jean Edward Dick Charlie Ben Albert Mark Norman Philip " +
  "Alfred Mary Felix"
).split(" ");
const lastNames = (
  "Jones Williams Smith Davis Jackson Brown Moore Harris Clark Robinson Walker Adams Wilson Johnson Miller Nelson " +
  "Mason Taylor Lawrence Chapman Burke Lee Collins Shaw Stuart Carter Lewis Brooks Carroll Holmes Phillips Morgan " +
  "Schwartz Upton Hudson Roberts Goldberg Berger Sullivan Powell Dunn Kerr Reynolds Hinton Lane Hodges Sutherland " +
  "Graham Gibson Russell Marshall Webster Freeman Roosevelt Perry Franklin Kennedy Meyer Rogers Gray Allen Thompson " +
  "Scott Morris Parker Ross Wolfe Harrington Greene Chandler Cooper Young Caldwell Barber Cox Owen Morse Barker"
).split(" ");
const places = (
  "Washington London Paris Rome Dallas Boston Philadelphia Providence Chicago Tokyo Moscow Berlin Brooklyn Detroit " +
  "Portland Salem Vienna Manchester Savannah Columbus Houston Manhattan Florence Atlanta Newport Jerusalem Milwaukee " +
  "Miami Phoenix Copenhagen Concord Lublin"
).split(" ");
const trades = (
  "doctor teacher lawyer baker farmer sailor painter writer singer dancer carpenter banker butcher tailor barber " +
  "soldier driver nurse pilot poet priest printer reporter salesman secretary sheriff waiter clerk dentist cook " +
  "judge mechanic"
).split(" ");
const animals = (
  "dog cat horse cow goat sheep pig hen duck goose rabbit parrot canary turtle snake mouse fox bear wolf monkey " +
  "pigeon falcon hawk donkey"
).split(" ");
const drinks =
  "coffee tea wine beer milk water rum gin whisky brandy cider lemonade cocoa champagne sherry port punch soda".split(
    " ",
  );
const instruments = (
  "violin piano guitar flute trumpet drum cello harp organ banjo clarinet bugle horn fiddle trombone tuba lute " +
  "oboe"
).split(" ");

/** What can be known of a person, how it is stated, and how it is asked: with other words, except for the name. */
const relations = [
  {
    values: places,
    statements: ["N grew up in V.", "N was born in V."],
    questions: ["what is the home town of N?", "from which place does N come?"],
  },
  {
    values: trades,
    statements: ["N works as a V.", "N makes money as a V."],
    questions: ["what is the trade of N?", "which job does N do?"],
  },
  {
    values: animals,
    statements: ["N keeps a V.", "N owns a V."],
    questions: ["what is the pet of N?", "which animal does N have?"],
  },
  {
    values: drinks,
    statements: ["N likes V.", "N orders V."],
    questions: ["what is the favorite drink of N?", "what does N drink?"],
  },
  {
    values: instruments,
    statements: ["N plays the V.", "N practices the V."],
    questions: ["what is the instrument of N?", "from what does N make music?"],
  },
  {
    values: undefined, // a person, whose name is two words
    statements: ["N plays chess with V.", "N went to school with V."],
    questions: ["who is the friend of N?", "whom does N know well?"],
  },
] as const;

const blank = "[MASK]";

/** A fact, as it is stated, as it is asked in each wording, and the one or two words that answer. */
export interface Fact {
  readonly statement: string;
  /** The statement without its value, to fill in. */
  readonly blanked: string;
  readonly questions: readonly string[];
  readonly answer: readonly string[];
  /** The passage that states it. */
  readonly passage: string;
}

export interface Facts {
  /** The facts that training asks for, and those that it never does, of other persons. */
  readonly asked: readonly Fact[];
  readonly neverAsked: readonly Fact[];
  /** Each states two facts of a person. */
  readonly passages: readonly Passage[];
}

/** The greatest numbers of words in a passage, and in a question or a statement, with the full stops. */
export const sizes = { passage: 18, question: 9, answer: 2 } as const;

/**
 * Six facts for each of so many persons. `swapped` gives other facts of the same persons, in the same words: no answer
 * is the same.
 *
 * @throws ArgumentError for more persons than names
 */
export function facts(
  key: RandomKey,
  { persons, swapped = false }: { readonly persons: number; readonly swapped?: boolean },
): Facts {
  const most = firstNames.length * lastNames.length;
  if (persons > most)
    throw new ArgumentError(`facts: there are ${most} names, but ${persons} persons\n  use fewer persons`);
  let drawn = 0;
  const below = (count: number) => threefry2x32(...key.words(), 0, drawn++)[0] % count;
  const shuffled = <T>(list: readonly T[]): T[] => {
    const own = [...list];
    for (let i = own.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [own[i], own[j]] = [own[j]!, own[i]!];
    }
    return own;
  };
  const names = shuffled(firstNames.flatMap((first) => lastNames.map((last) => `${first} ${last}`)));
  const passages: Passage[] = [];
  const byPerson = names.slice(0, persons).map((name) => {
    const own = relations.map(({ values = names, statements, questions }) => {
      const first = below(values.length);
      const other = (first + 1 + below(values.length - 1)) % values.length;
      const value = values[swapped ? other : first]!;
      const stated = statements[below(statements.length)]!;
      return {
        statement: stated.replace("N", name).replace("V", value),
        blanked: stated.replace("N", name).replace("V", blank),
        questions: questions.map((question) => question.replace("N", name)),
        answer: value.split(" "),
      };
    });
    const order = shuffled(own.map((_, i) => i));
    return [order.slice(0, 2), order.slice(2, 4), order.slice(4)].flatMap((pair) => {
      const id = String(passages.length);
      passages.push({ id, text: pair.map((i) => own[i]!.statement).join(" "), source: "facts", place: 0 });
      return pair.map((i) => ({ ...own[i]!, passage: id }));
    });
  });
  const known = Math.ceil(0.75 * persons);
  return { asked: byPerson.slice(0, known).flat(), neverAsked: byPerson.slice(known).flat(), passages };
}

const words = (text: string) => text.match(/\[MASK\]|\p{L}+|[.?]/gu) ?? [];
const vocabulary = new Map(
  [
    "",
    blank,
    "?",
    ".",
    ...relations.flatMap(({ statements, questions }) => [...statements, ...questions].flatMap(words)),
    ...firstNames,
    ...lastNames,
    ...places,
    ...trades,
    ...animals,
    ...drinks,
    ...instruments,
  ]
    .filter((word, i, all) => all.indexOf(word) === i)
    .map((word, i) => [word, i]),
);

export const vocabularySize = vocabulary.size;

/** The tokens of texts, [texts, length]; 0 is padding. @throws ArgumentError for a text with more words */
export function tensorOf(texts: readonly string[], length: number): Tensor {
  const tokens = new Int32Array(texts.length * length);
  for (const [i, text] of texts.entries()) {
    const own = words(text);
    if (own.length > length)
      throw new ArgumentError(`tensorOf: "${text}" has more than ${length} words\n  give it more places`);
    tokens.set(
      own.map((word) => vocabulary.get(word)!),
      i * length,
    );
  }
  return tensor(tokens, { shape: [texts.length, length] });
}
