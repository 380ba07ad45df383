import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folders } from "./experiment/testing.ts";
import { InterruptedError } from "./interrupt.ts";
import { inOwnProcess, ProcessError } from "./own-process.ts";

const newFolder = folders();

function program(text: string, name = "program.ts"): string {
  const path = join(newFolder(), name);
  writeFileSync(path, text);
  return path;
}

const input = "const { a } = JSON.parse(process.argv[2]);";

test("a program of TypeScript or JavaScript gets its input, and its last line is the answer", async () => {
  const typed = program(`const a: number = JSON.parse(process.argv[2]!).a; console.log("a note\\n" + 2 * a);`);
  expect(await inOwnProcess<number>(typed, { a: 21 })).toBe(42);
  const plain = program(`${input} console.log(JSON.stringify({ pid: process.pid, a }));`, "program.mjs");
  const answer = await inOwnProcess<{ pid: number; a: string }>(plain, { a: "é\n" });
  expect(answer).toEqual({ pid: expect.any(Number) as number, a: "é\n" });
  expect(answer.pid).not.toBe(process.pid);
});

test("a program that fails, hangs or answers nothing is an error; one that is stopped stops the run", async () => {
  const run = (text: string, options = {}) => inOwnProcess(program(text, "program.mjs"), {}, options);
  await expect(run(`throw new Error("too wide")`)).rejects.toThrow(
    /program\.mjs ended with status 1\n[^]*Error: too wide/,
  );
  await expect(run("setInterval(() => {}, 1e6)", { timeout: 1_000 })).rejects.toThrow(
    /took longer than 1 s, and was ended/,
  );
  await expect(run(`process.kill(process.pid, "SIGKILL")`)).rejects.toThrow(/ended by SIGKILL; perhaps .* memory/);
  await expect(run(`console.log("done")`)).rejects.toThrow(/printed no JSON\n {2}print its answer last/);
  await expect(run("process.exit(3)")).rejects.toThrow(ProcessError);
  await expect(run(`process.kill(process.pid, "SIGINT")`)).rejects.toThrow(InterruptedError);
});
