import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { filesOf } from "./datasets/debian-package.ts";
import { downloaded } from "./datasets/download.ts";
import { recordingsOf } from "./datasets/recorded-speech.ts";
import { digitsOf, recordingsIn } from "./datasets/spoken-digits.ts";
import { audioSamplesOf } from "./datasets/wave.ts";
import { recordedSpeech, spokenDigits } from "./index.ts";

const deb = readFileSync(new URL("../fixtures/recordings.deb", import.meta.url));
const tarball = readFileSync(new URL("../fixtures/digits.tar.gz", import.meta.url));

test("recordings are read from a Debian package with their words; files without words or sound are not", async () => {
  const files = await filesOf(deb);
  const recordings = recordingsOf(files, files);
  expect(recordings).toEqual([
    { name: "digits/1", transcript: "one", rate: 8_000, samples: Float32Array.of(0, 0.5, -1) },
  ]);
});

test("digits are read from a tarball with speaker and take, in the order of their names", () => {
  expect(digitsOf(recordingsIn(tarball))).toEqual([
    {
      ...{ name: "0_george_4", transcript: "zero", digit: 0, speaker: "george", take: 4 },
      ...{ rate: 8_000, samples: Float32Array.of(1 / 32) },
    },
    {
      ...{ name: "7_jackson_32", transcript: "seven", digit: 7, speaker: "jackson", take: 32 },
      ...{ rate: 8_000, samples: Float32Array.of(0, 0.5, -1) },
    },
  ]);
});

test("a file that isn't a package, and a recording in another format, give clear errors", async () => {
  await expect(filesOf(new TextEncoder().encode("<html>not found</html>"))).rejects.toThrow(/isn't a Debian package/);
  await expect(filesOf(new TextEncoder().encode("!<arch>\n"))).rejects.toThrow(/no data.tar.xz/);
  const files = await filesOf(deb);
  const stereo = Uint8Array.from([...files].find(([path]) => path.endsWith("1.wav"))![1]);
  stereo[22] = 2;
  expect(() => audioSamplesOf(stereo)).toThrow(/2 channels/);
});

describe("a download", () => {
  const cache = mkdtempSync(join(tmpdir(), "ansatz-data-"));
  const sha256 = createHash("sha256").update(deb).digest("hex");
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (request.url === "/recordings.deb") response.end(deb);
    else if (request.url === "/recompressed.tar.gz") response.end(gzipSync(gunzipSync(tarball), { level: 1 }));
    else if (request.url === "/changed.deb") response.end("another file");
    else response.writeHead(404).end();
  });
  let host = "";
  beforeAll(async () => {
    vi.stubEnv("XDG_CACHE_HOME", cache);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true });
  });

  const remote = (paths: readonly string[], own = {}) => ({
    name: "recordings.deb",
    urls: paths.map((path) => `${host}/${path}`),
    sha256,
    ...own,
  });

  test("happens once, and the file is kept", async () => {
    for (let time = 0; time < 2; time++)
      expect(Buffer.compare(await downloaded("speech", remote(["recordings.deb"])), deb)).toBe(0);
    expect(asked).toBe(1);
  });

  test("takes the next address where one has no such file, or another one", async () => {
    const file = remote(["gone.deb", "changed.deb", "recordings.deb", "never.deb"], { name: "second.deb" });
    asked = 0;
    expect(Buffer.compare(await downloaded("speech", file), deb)).toBe(0);
    expect(asked).toBe(3);
  });

  test("is known by what is checked in it, however it is packed; what cannot be read is another file", async () => {
    const checked = (file: Uint8Array) => gunzipSync(file);
    const own = createHash("sha256").update(gunzipSync(tarball)).digest("hex");
    const file = remote(["changed.deb", "recompressed.tar.gz"], { name: "fourth.tar.gz", sha256: own, checked });
    const bytes = await downloaded("speech", file);
    expect(Buffer.compare(bytes, tarball)).not.toBe(0);
    expect(Buffer.compare(await downloaded("speech", { ...file, urls: [] }), bytes)).toBe(0); // it is kept
    writeFileSync(join(cache, "ansatz", "data", "fourth.tar.gz"), "broken");
    await expect(downloaded("speech", { ...file, urls: [`${host}/changed.deb`] })).rejects.toThrow(
      /changed.deb: it cannot be read: incorrect header check/,
    );
  });

  test("of another file, or of a missing one, says for each address what went wrong, and what to do", async () => {
    const file = { ...remote(["changed.deb", "gone.deb"], { name: "third.deb" }) };
    const urls = [...file.urls, "http://127.0.0.1:1/gone.deb"];
    await expect(downloaded("speech", { ...file, urls })).rejects.toThrow(
      new RegExp(
        "speech: third.deb cannot be downloaded:\\n.*changed.deb: its checksum is [0-9a-f]{64}, not [0-9a-f]{64}\\n" +
          ".*gone.deb: the server answers 404\\n.*127.0.0.1:1/gone.deb: .*\\n.*put the file at .*third.deb yourself",
      ),
    );
  });
});

test.runIf(process.env["ANSATZ_TEST_FULL"])(
  "the recordings themselves: ten digits among 568, 25 minutes in all",
  async () => {
    const recordings = await recordedSpeech();
    expect(recordings).toHaveLength(568);
    const words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    expect(words.map((_, digit) => recordings.find(({ name }) => name === `digits/${digit}`)?.transcript)).toEqual(
      words,
    );
    expect(recordings.reduce((minutes, { samples, rate }) => minutes + samples.length / rate / 60, 0)).toBeCloseTo(
      25.48,
      2,
    );
    expect(recordings.every(({ samples }) => samples.every((sample) => Math.abs(sample) <= 1))).toBe(true);
  },
);

test.runIf(process.env["ANSATZ_TEST_FULL"])(
  "the digits themselves: ten by six speakers, fifty times each",
  async () => {
    const digits = await spokenDigits();
    const groups = new Map<string, number>();
    for (const { speaker, digit } of digits)
      groups.set(`${speaker} ${digit}`, (groups.get(`${speaker} ${digit}`) ?? 0) + 1);
    expect([...groups.values()]).toEqual(Array.from({ length: 60 }, () => 50));
    expect(digits.reduce((minutes, { samples, rate }) => minutes + samples.length / rate / 60, 0)).toBeCloseTo(
      21.87,
      2,
    );
    expect(digits.every(({ rate, take }) => rate === 8_000 && take < 50)).toBe(true);
  },
);
