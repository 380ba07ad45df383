/**
 * `npx pnpm@10 lancedb` installs LanceDB in the user's cache folder, where @ansatz/data-lancedb finds it, once for all
 * clones. Its embedding functions, which nobody here calls, would bring an onnxruntime, a protobuf and a sharp of their
 * own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, testedVersion } from "../plugins/data-lancedb/src/lancedb.ts";

const folder = await cacheFolder();
if (existsSync(folder)) console.log(`LanceDB ${testedVersion} is already installed.\n  ${folder}`);
else {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const dependencies = { "@lancedb/lancedb": testedVersion, "apache-arrow": "18.1.0" };
  writeFileSync(join(partial, "package.json"), JSON.stringify({ private: true, dependencies }));
  const ignored = ["@huggingface/transformers", "openai"];
  writeFileSync(join(partial, "pnpm-workspace.yaml"), JSON.stringify({ ignoredOptionalDependencies: ignored }));
  console.log(`LanceDB ${testedVersion} takes 0.2 GB on disk.`);
  const pnpm = process.env["npm_execpath"]!; // whose script this is
  const { status } = spawnSync(process.execPath, [pnpm, "install"], { cwd: partial, stdio: "inherit" });
  if (status === 0) {
    renameSync(partial, folder);
    console.log(`Installed.\n  ${folder}`);
  } else {
    console.error("LanceDB is not installed, for the reason above. Run the command again.");
    process.exitCode = 1;
  }
}
