/** Follows docs/write-a-backend.md word for word, in a copy of this workspace. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fromMarkdown } from "../scripts/examples/from-markdown.ts";
import { copyWorkspace, linkDependencies, runIn } from "./copied-workspace.ts";
import { changeLines, commandsOf, filesOf, follow, manifestOf, readGuide, writeFiles } from "./guide.ts";

const root = join(import.meta.dirname, "..");
const guide = readGuide("write-a-backend.md");
const files = filesOf(guide);
const [create, depend, tested, train, list, bench] = commandsOf(guide);
const workspace = copyWorkspace([]);
const backend = join(workspace, "plugins/backend-pool");
const carryOut = (commands: readonly string[] = []): string[] => commands.map((command) => follow(workspace, command));
const change = (path: string, how: (text: string) => string): void =>
  writeFileSync(join(workspace, path), how(readFileSync(join(workspace, path), "utf8")));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

describe("the guide", () => {
  test("creates a backend and replaces it by files that pass the conformance suite", () => {
    expect(carryOut(create)[0]).toContain("plugins/backend-pool: a plugin");
    carryOut(depend);
    const { dependencies, devDependencies } = manifestOf(backend);
    expect(Object.keys(dependencies!)).toEqual(["@ansatz/kernels"]);
    expect(devDependencies).toHaveProperty(["@ansatz/backend-cpu"]);
    expect([...files.keys()]).toEqual([
      "src/memory.ts",
      "src/kernels.ts",
      "src/device.ts",
      "src/index.ts",
      "src/index.test.ts",
      "README.md",
    ]);
    writeFiles(backend, files);
    for (const script of ["types", "lint"]) runIn(backend, manifestOf(backend).scripts[script]!);
    const [, printed] = carryOut(tested);
    expect(Number(/^(\d+) passed, 0 failed$/m.exec(printed!)?.[1])).toBeGreaterThan(500);
  }, 300_000);

  test("names a mistake that the suite finds", () => {
    const path = join(backend, "src/memory.ts");
    const right = files.get("src/memory.ts")!;
    expect(guide).toContain("leave `block.handles++` out of `share`");
    writeFileSync(path, right.replace("    block.handles++;\n", ""));
    try {
      expect(() => follow(workspace, `${tested![1]} -t scan`)).toThrow(/a recurrent network, forward/);
    } finally {
      writeFileSync(path, right);
    }
  }, 120_000);

  test("has a README whose example runs", () => {
    writeFileSync(join(backend, "example.ts"), fromMarkdown("README.md", files.get("README.md")!).code);
    expect(runIn(backend, "tsx --conditions=source example.ts").trim()).toBe("[ 4, 5 ]");
    rmSync(join(backend, "example.ts"));
  }, 60_000);

  test("trains the language model on it", () => {
    const [, printed] = carryOut(train);
    expect(printed).toMatch(/^validationLoss {4}[23]\.\d+$/m); // 4.49 before it has learned
    const record = JSON.parse(readFileSync(join(workspace, "runs/language-model/1/run.json"), "utf8")) as object;
    expect(record).toMatchObject({ backend: "pool" });
  }, 300_000);

  test("measures it, beside the others", () => {
    const [listed] = carryOut(list);
    expect(listed).toMatch(/^pool +0\.1\.0 +JavaScript, 1 thread +6 +\d+ +\d+ +\S+ GFLOP\/s +\S+ ms$/m);
    cpSync(join(root, "bench"), join(workspace, "bench"), {
      recursive: true,
      filter: (path) => basename(path) !== "node_modules",
    });
    linkDependencies(workspace, "bench");
    change("bench/run-work.ts", (text) => changeLines(text, /^```diff\n([^]*?)^```$/m.exec(guide)![1]!));
    // Fewer steps than people take, and a commit, which every measurement names.
    change("bench/works/mlp.ts", (text) => text.replace("steps: 400,", "steps: 4,"));
    runIn(workspace, "git init -q && git -c user.name=A -c user.email=a@b.c commit -q --allow-empty -m start");
    const [measured] = carryOut(bench);
    for (const engine of ["pool", "onnx"]) expect(measured).toMatch(new RegExp(`^mlp +${engine} `, "m"));
  }, 300_000);
});
