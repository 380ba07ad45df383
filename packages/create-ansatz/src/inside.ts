import { jsonText, mapFiles, type Files } from "./files.ts";

/** A template as a package of Ansatz's workspace: it lies two folders nearer to the root, and a plugin is published. */
export function inside(files: Files): Files {
  return mapFiles(files, (text, path) => {
    const moved = text.replaceAll("../../../..", "../..");
    if (path !== "package.json") return moved;
    const manifest = JSON.parse(moved) as Record<string, unknown>;
    if (Object.hasOwn(manifest, "publishConfig")) delete manifest["private"];
    return jsonText(manifest);
  });
}
