import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { findWheel, indexAddress, linksOf, request } from "./package-index.ts";
import { pinnedWheels } from "./pinned-wheels.ts";

const sum = "a".repeat(64);
const { signal } = new AbortController();
let server: Server | undefined;

/** Starts a local index and sets PIP_INDEX_URL to it. */
async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
  vi.stubEnv("PIP_INDEX_URL", address);
  return address;
}

afterEach(() => {
  vi.unstubAllEnvs();
  server?.close();
  server = undefined;
});

const names = [
  "tensorflow_cpu-2.20.0-cp313-cp313-manylinux_2_17_x86_64.whl",
  "tensorflow_cpu-2.21.0-cp310-cp310-manylinux_2_27_x86_64.whl",
  "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl",
  "tensorflow_cpu-2.21.0-cp313-cp313-win_amd64.whl",
  "tensorflow_cpu-2.22.0rc0-cp313-cp313-manylinux_2_27_x86_64.whl",
];

test("the newest wheel for Linux is found in JSON", async () => {
  await serve((_request, response) => {
    response.setHeader("Content-Type", "application/vnd.pypi.simple.v1+json");
    response.end(
      JSON.stringify({
        files: names.map((filename) => ({
          filename,
          url: `../files/${filename}`,
          size: 7,
          hashes: { sha256: sum },
          yanked: false,
        })),
      }),
    );
  });
  const wheel = await findWheel("tensorflow-cpu", ">=2.20", { pinned: false, signal });
  expect(wheel).toMatchObject({ name: names[2], version: [2, 21, 0], sha256: sum, size: 7 });
  expect(wheel.url).toMatch(/^http:\/\/127.*\/simple\/files\/tensorflow_cpu-2\.21\.0-cp313/);
  expect((await findWheel("tensorflow-cpu", "==2.20.0", { pinned: false, signal })).name).toBe(names[0]);
  await expect(findWheel("tensorflow-cpu", "==9.9", { pinned: false, signal })).rejects.toThrow(
    /has no tensorflow-cpu ==9\.9/,
  );
});

test("the newest wheel is found on a page of links, the format of older mirrors", async () => {
  await serve((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(names.map((name) => `<a href="../../files/${name}#sha256=${sum}">${name}</a><br/>`).join("\n"));
  });
  expect(await findWheel("tensorflow-cpu", "==2.21.0", { pinned: false, signal })).toMatchObject({
    name: names[2],
    sha256: sum,
  });
});

test("of the tested version only the pinned file is taken, with the pinned checksum", async () => {
  const [name, pin] = Object.entries(pinnedWheels)[0]!;
  let listed = [name, name.replaceAll("cp313", "cp314")];
  await serve((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(listed.map((own) => `<a href="../../files/${own}#sha256=${sum}">${own}</a><br/>`).join("\n"));
  });
  const find = (pinned: boolean) => findWheel("tensorflow-cpu", "==2.21.0", { pinned, signal });
  expect(await find(true)).toMatchObject({ name, sha256: pin });
  expect(await find(false)).toMatchObject({ name: listed[1], sha256: sum });
  listed = [listed[1]!];
  await expect(find(true)).rejects.toThrow(/no tensorflow-cpu ==2.21.0 .* whose checksum is known/);
});

test("names that lead out of the folder of downloads are passed over", async () => {
  const name = "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl";
  await serve((_request, response) => {
    response.setHeader("Content-Type", "application/vnd.pypi.simple.v1+json");
    const files = [`../../${name}`, `/etc/${name}`, `..\\${name}`, name];
    response.end(JSON.stringify({ files: files.map((filename) => ({ filename, url: "x", hashes: { sha256: sum } })) }));
  });
  expect((await findWheel("tensorflow-cpu", "==2.21.0", { pinned: false, signal })).name).toBe(name);
});

test.each([
  "http://pypi.org/simple",
  "http://10.0.0.1/simple",
  "ftp://index/simple",
  "http://localhost.evil.com/simple",
])("an index that is not encrypted is refused: %s", async (address) => {
  vi.stubEnv("PIP_INDEX_URL", address);
  await expect(findWheel("tensorflow", "==2.21.0", { pinned: false, signal })).rejects.toThrow(/isn't encrypted/);
  expect(() => request(`${address}/a.whl`)).toThrow(/isn't encrypted/);
});

test("an index that sends to an address without encryption is refused", async () => {
  await serve((_request, response) => void response.end());
  const reply = Object.defineProperty(new Response("<a>"), "url", { value: "http://other/simple/tensorflow/" });
  vi.spyOn(globalThis, "fetch").mockResolvedValueOnce(reply);
  await expect(findWheel("tensorflow", "==2.21.0", { pinned: false, signal })).rejects.toThrow(/http:\/\/other isn't/);
  vi.restoreAllMocks();
});

test("yanked files and files without a checksum are skipped", () => {
  const page =
    `<a href="/a-1.0-py3-none-any.whl#sha256=${sum}" data-yanked="broken">a</a>` +
    '<a href="/b-1.0-py3-none-any.whl">b</a>' +
    `<a href="/c-1.0-py3-none-any.whl?x=1&amp;y=2#sha256=${sum}">c</a>`;
  expect(linksOf(page, "http://index/simple/a/")).toEqual([
    { name: "c-1.0-py3-none-any.whl", url: "http://index/c-1.0-py3-none-any.whl?x=1&y=2", sha256: sum },
  ]);
});

test("a user name and a password in the address become a header", async () => {
  expect(request("https://me:p%40ss@index/simple/")).toEqual({
    url: "https://index/simple/",
    headers: { Authorization: `Basic ${Buffer.from("me:p@ss").toString("base64")}` },
  });
});

test("an index that refuses or cannot be reached is named in the error, without the password", async () => {
  const address = await serve((_request, response) => void response.writeHead(403).end());
  await expect(findWheel("tensorflow", "==2.21.0", { pinned: false, signal })).rejects.toThrow(
    /responds with 403 for tensorflow/,
  );
  server!.close();
  vi.stubEnv("PIP_INDEX_URL", address.replace("http://", "http://me:secret@").replace(/:\d+\//, ":1/"));
  const error: unknown = await findWheel("tensorflow", "==2.21.0", { pinned: false, signal }).catch(
    (reason: unknown) => reason,
  );
  expect((error as Error).message).toMatch(/cannot be reached/);
  expect((error as Error).message).not.toContain("secret");
});

test("without an environment variable or a configuration, the index is PyPI", () => {
  vi.stubEnv("PIP_INDEX_URL", "");
  vi.stubEnv("PIP_CONFIG_FILE", "");
  vi.stubEnv("XDG_CONFIG_HOME", "/nowhere");
  expect(indexAddress()).toMatch(/^https?:\/\//);
});
