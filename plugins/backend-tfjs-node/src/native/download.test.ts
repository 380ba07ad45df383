import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { download } from "./download.ts";
import type { IndexedFile } from "./package-index.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
const { signal } = new AbortController();
let [folder, ranges]: [string, (string | undefined)[]] = ["", []];
let server: Server;
let file: IndexedFile;
let path: string;

/** How the server answers its first requests; it answers later ones in full. */
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];

function inFull(request: IncomingMessage, response: ServerResponse): void {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200, { "Content-Length": content.length - start }).end(content.subarray(start));
}

function breaksOff(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "Content-Length": content.length });
  response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
}

beforeEach(async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  folder = mkdtempSync(join(tmpdir(), "download-"));
  path = join(folder, "file.whl");
  [ranges, answers] = [[], []];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    (answers.shift() ?? inFull)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.whl`;
  file = {
    name: "file.whl",
    url: address,
    sha256: createHash("sha256").update(content).digest("hex"),
    size: content.length,
  };
});

afterEach(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

test("a file is downloaded once, and not again", async () => {
  await download(file, path, signal);
  await download(file, path, signal);
  expect(readFileSync(path).equals(content)).toBe(true);
  expect(ranges).toEqual([undefined]);
  expect(readdirSync(folder)).toEqual(["file.whl"]);
});

test("an interrupted download is resumed", async () => {
  answers = [breaksOff];
  await download(file, path, signal, 1);
  const [whole, rest] = ranges;
  expect([ranges.length, whole]).toEqual([2, undefined]);
  const from = Number(/^bytes=(\d+)-$/.exec(rest!)![1]); // a busy computer may lose the end of what was sent
  expect(from).toBeGreaterThan(0);
  expect(from).toBeLessThanOrEqual(100_000);
  expect(readFileSync(path).equals(content)).toBe(true);
});

test("a later process resumes it, even if the index does not say the size", async () => {
  writeFileSync(`${path}.part`, content.subarray(0, 1234));
  const { size: _, ...unsized } = file;
  await download(unsized, path, signal);
  expect(ranges).toEqual(["bytes=1234-"]);
  expect(readFileSync(path).equals(content)).toBe(true);
});

test("a server without ranges sends the whole file again", async () => {
  writeFileSync(`${path}.part`, content.subarray(0, 1234));
  answers = [(_request, response) => void response.writeHead(200).end(content)];
  await download(file, path, signal);
  expect(readFileSync(path).equals(content)).toBe(true);
});

test("after too many failures the download stops and keeps what it has", async () => {
  answers = Array.from(
    { length: 9 },
    () => (_request: IncomingMessage, response: ServerResponse) => void response.destroy(),
  );
  writeFileSync(`${path}.part`, content.subarray(0, 1234));
  await expect(download(file, path, signal, 1)).rejects.toThrow(/file\.whl was interrupted 5 times/);
  expect(readFileSync(`${path}.part`).length).toBe(1234);
});

test("a damaged file is deleted", async () => {
  writeFileSync(`${path}.part`, content.subarray(1, 1235));
  await expect(download(file, path, signal)).rejects.toThrow(/is damaged, or another file: its SHA-256/);
  expect(readdirSync(folder)).toEqual([]);
});

test("a refusal of the index is an error at once", async () => {
  answers = [(_request, response) => void response.writeHead(404).end()];
  await expect(download(file, path, signal, 1)).rejects.toThrow(/responds with 404 for file\.whl/);
  expect(ranges).toHaveLength(1);
});

test("stopping keeps what was downloaded", async () => {
  const stop = new AbortController();
  answers = [
    (_request, response) => {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 100_000), () => setTimeout(() => stop.abort(), 20));
    },
  ];
  await expect(download(file, path, stop.signal, 1)).rejects.toThrow(/abort/);
  expect(existsSync(`${path}.part`)).toBe(true);
  await download(file, path, signal);
  expect(readFileSync(path).equals(content)).toBe(true);
});
