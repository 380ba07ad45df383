import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostile, makeRunFolder, measurements } from "../report/testing.ts";
import type { Histogram } from "../diagnose/histogram-log.ts";
import { RunLock } from "../experiment/run-lock.ts";
import type { ChangedRuns, CurveRequest, DrawnChart, DrawnCharts, ListedRuns, RunDetails } from "./messages.ts";
import { watch, WatchError, type Watching } from "./server.ts";

let root = "";
let watching: Watching;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "watch-"));
  watching = await watch(join(root, "runs"));
});
afterAll(async () => {
  await watching.close();
  rmSync(root, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request with any headers and path, which a browser would not. */
function ask(
  path: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly cookie?: string;
    readonly body?: string;
  } = {},
): Promise<Answer> {
  const { port, searchParams } = new URL(watching.url);
  const cookie = options.cookie ?? `ansatz-${port}=${searchParams.get("token")}`;
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: { cookie, ...options.headers } },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(options.body);
  });
}

async function json<T>(path: string): Promise<T> {
  const { status, body } = await ask(path);
  expect(status, body).toBe(200);
  return JSON.parse(body) as T;
}

/** Posts a question or a change as the page does. */
async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { origin: new URL(watching.url).origin, "content-type": "application/json" };
  const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status, answer.body).toBe(200);
  return JSON.parse(answer.body) as T;
}

/** The charts of some runs, a line for each, or of groups of runs. */
const charts = (
  runs: readonly (string | readonly string[])[],
  more: Partial<CurveRequest> = {},
): Promise<DrawnCharts> =>
  post("/api/curves", {
    lines: runs.map((run) => ({ id: String(run), runs: [run].flat() })),
    ...{ axis: "step", logarithmic: false, points: 500, smoothing: 0, ranges: {} },
    ...more,
  });

/** Waits until the list of folders, which is reused for half a second, is read again. */
const later = () => new Promise((resolve) => setTimeout(resolve, 600));

test("runs are listed with state, figures and settings; other folders are not", async () => {
  makeRunFolder(join(root, "runs/sorting/1"), {
    settings: { learningRate: 3e-4, seed: 1 },
    metrics: measurements(20, (step) => ({ loss: 1 / step })),
    status: { state: "ended", step: 20, steps: 20 },
    result: { accuracy: 0.5 },
    findings: [{ step: 1, kind: "k", message: "m", advice: "a" }],
  });
  makeRunFolder(join(root, "runs/sorting/sweep-1/2"), {
    metrics: measurements(3, () => ({ loss: "NaN" })),
    status: { state: "running", step: 3, pid: 2 ** 30, updated: "2026-01-01T00:00:00Z" },
  });
  mkdirSync(join(root, "runs/empty"), { recursive: true });
  await later();
  const { runs } = await json<ListedRuns>("/api/runs");
  expect(
    runs.map(({ id, state, step, steps, figures, findings }) => ({ id, state, step, steps, figures, findings })),
  ).toEqual([
    { id: "sorting/1", state: "ended", step: 20, steps: 20, figures: { loss: 0.05, accuracy: 0.5 }, findings: 1 },
    { id: "sorting/sweep-1/2", state: "interrupted", step: 3, steps: undefined, figures: { loss: "NaN" }, findings: 0 },
  ]);
  expect(runs[0]!.settings).toEqual({ learningRate: 3e-4, seed: 1 });
});

test("curves keep every peak in few points, follow new lines, and start again if the file is replaced", async () => {
  const folder = makeRunFolder(join(root, "runs/long/1"), {
    metrics: measurements(100_000, (step) => ({ loss: step === 54_321 ? 99 : 1 })),
  });
  await later();
  const asked = async (): Promise<DrawnChart> => (await charts(["long/1"], { smoothing: 0.9 })).charts[0]!;
  const { places, lines } = await asked();
  expect(places).toHaveLength(500);
  expect(Math.max(...(lines[0]!.high as number[]))).toBe(99);
  expect(lines[0]!.points).toBe(100_000);
  expect(Math.max(...(lines[0]!.value as number[]))).toBeLessThan(2);

  appendFileSync(join(folder, "metrics.jsonl"), '{"step":100001,"loss":7}\n{"step":100002,"lo');
  const more = await asked();
  expect(more.lines[0]!.points).toBe(100_001);
  expect(more.lines[0]!.high.at(-1)).toBe(7);
  appendFileSync(join(folder, "metrics.jsonl"), 'ss":8}\n');
  expect((await asked()).lines[0]!.points).toBe(100_002);

  const [near] = (await charts(["long/1"], { ranges: { loss: [54_320, 54_322] } })).charts;
  expect(near!.places).toEqual([54_320, 54_321, 54_322]);
  expect(near!.lines[0]!.value).toEqual([1, 99, 1]);

  writeFileSync(join(folder, "metrics.jsonl"), '{"step":1,"loss":5}\n');
  expect((await asked()).lines[0]!).toMatchObject({ points: 1, value: [5] });

  // Truncated and extended between two requests, as by a run that resumes from its checkpoint: longer, with other
  // lines.
  appendFileSync(join(folder, "metrics.jsonl"), '{"step":2,"loss":6}\n');
  await asked();
  truncateSync(join(folder, "metrics.jsonl"), 20);
  appendFileSync(join(folder, "metrics.jsonl"), '{"step":2,"loss":7}\n{"step":3,"loss":8}\n');
  expect((await asked()).lines[0]!.value).toEqual([5, 7, 8]);
});

test("several runs share their steps; a run has no value at a step that it lacks", async () => {
  makeRunFolder(join(root, "runs/pair/1"), {
    metrics: measurements(4, (step) => ({ loss: step, ...(step === 4 ? { validationLoss: 9 } : {}) })),
  });
  makeRunFolder(join(root, "runs/pair/2"), { metrics: measurements(2, (step) => ({ loss: -step })) });
  await later();
  const [loss, validation] = (await charts(["pair/1", "pair/2"])).charts;
  expect(loss).toMatchObject({ metric: "loss", places: [1, 2, 3, 4] });
  expect(loss!.lines.map(({ id, value }) => [id, value])).toEqual([
    ["pair/1", [1, 2, 3, 4]],
    ["pair/2", [-1, -2, null, null]],
  ]);
  expect(validation).toMatchObject({ metric: "validationLoss", places: [4], lines: [{ id: "pair/1", value: [9] }] });
});

test("the seeds of a group are one line: their mean with its interval, at the steps that all have", async () => {
  for (const [seed, value] of [1, 2, 3].entries())
    makeRunFolder(join(root, `runs/seeds/${seed + 1}`), { metrics: measurements(2 + seed, () => ({ loss: value })) });
  await later();
  const ids = ["seeds/1", "seeds/2", "seeds/3"];
  const [{ lines }] = (await charts([ids])).charts as [DrawnChart];
  expect(lines).toHaveLength(1);
  expect(lines[0]!.value).toEqual([2, 2, null, null]);
  // Student's t, n = 3: 2 ± 4.302653 · 1/√3, and no loss was below 0.
  expect(lines[0]!.high[0]).toBeCloseTo(2 + 2.484138, 5);
  expect(lines[0]!.low[0]).toBe(0);
  expect((await charts([[...ids.slice(0, 1), "no/such"]])).charts[0]!.lines[0]!.value).toEqual([1, 1]);
});

test("an axis of time or of tokens is what had been spent; a logarithmic one has equal ratios", async () => {
  const folder = makeRunFolder(join(root, "runs/spent/1"), {
    metrics: measurements(4, (step) => ({ loss: 10 * step })),
  });
  const spent = [1, 2, 4].map((step) => JSON.stringify({ step, seconds: step ** 2, tokens: 100 * step }));
  writeFileSync(join(folder, "spent.jsonl"), `${spent.join("\n")}\n`);
  await later();
  const seconds = await charts(["spent/1"], { axis: "seconds", points: 16 });
  expect(seconds.axes).toEqual(["step", "seconds", "tokens"]);
  const [{ places, lines }] = seconds.charts as [DrawnChart];
  expect(places).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  expect(places.filter((_, i) => lines[0]!.value[i] !== null)).toEqual([1, 4, 16]); // step 3 has none
  const tokens = await charts(["spent/1"], { axis: "tokens", points: 3, logarithmic: true });
  expect(tokens.charts[0]).toMatchObject({ places: [100, 200, 400], lines: [{ value: [10, 20, 40] }] });
  expect((await charts(["spent/1"], { axis: "none" })).charts).toEqual([]);
});

test("where a value is not finite is sent, once for each bin", async () => {
  makeRunFolder(join(root, "runs/lost/1"), {
    metrics: measurements(1000, (step) => ({ loss: step > 990 || step === 5 ? "NaN" : step === 6 ? "Infinity" : 1 })),
  });
  await later();
  const [{ lines }] = (await charts(["lost/1"], { points: 100 })).charts as [DrawnChart];
  expect(lines[0]!.notFinite).toEqual([6, 1000]);
  expect(lines[0]!.value.at(-1)).toBe(null);
});

describe("notes and deletion", () => {
  const change = (run: string, change: unknown) => post<ChangedRuns>("/api/change", { runs: [run], change });
  const listed = async (id: string) => (await json<ListedRuns>("/api/runs")).runs.find((run) => run.id === id);

  test("tags, a note and hiding are saved beside the run, and what else is in the file stays", async () => {
    const folder = makeRunFolder(join(root, "runs/noted/1"));
    writeFileSync(join(folder, "notes.json"), '{"stars":5,"tags":[1,"a"]}');
    await later();
    expect(await listed("noted/1")).toMatchObject({ tags: ["a"], note: "", hidden: false });
    expect(await change("noted/1", { note: "look" })).toEqual({ refused: [] });
    expect(await change("noted/1", { tags: ["b"], hidden: true })).toEqual({ refused: [] });
    expect(await listed("noted/1")).toMatchObject({ tags: ["b"], note: "look", hidden: true });
    expect(JSON.parse(readFileSync(join(folder, "notes.json"), "utf8"))).toMatchObject({ stars: 5, note: "look" });
    writeFileSync(join(folder, "notes.json"), '{"note":"cut sh');
    expect((await change("noted/1", { note: "new" })).refused[0]!.reason).toMatch(/cannot be read\n {2}mend it/);
    expect(readFileSync(join(folder, "notes.json"), "utf8")).toBe('{"note":"cut sh');
  });

  test("a run is deleted with its folder; never one that is alive, nor the folder that is shown", async () => {
    const [folder, alive] = [1, 2].map((number) => makeRunFolder(join(root, `runs/gone/${number}`))) as [
      string,
      string,
    ];
    mkdirSync(join(root, "kept"));
    symlinkSync(join(root, "kept"), join(folder, "link"));
    await later();
    using _lock = new RunLock(alive);
    expect(await change("gone/1", "delete")).toEqual({ refused: [] });
    expect([folder, alive, join(root, "kept")].map((path) => existsSync(path))).toEqual([false, true, true]);
    expect(await listed("gone/1")).toBeUndefined();
    expect((await change("gone/2", "delete")).refused[0]!.reason).toMatch(/in use\n {2}wait until the run ends/);
    expect((await change("../outside", "delete")).refused[0]!.reason).toBe("there is no such run");
    expect(existsSync(join(alive, "run.json"))).toBe(true);
    const own = await watch(alive);
    const { origin, port, searchParams } = new URL(own.url);
    const answer = await fetch(`${origin}/api/change`, {
      method: "POST",
      headers: { cookie: `ansatz-${port}=${searchParams.get("token")}`, origin, "content-type": "application/json" },
      body: JSON.stringify({ runs: ["."], change: "delete" }),
    });
    expect(await answer.json()).toEqual({ refused: [{ run: ".", reason: "this is the folder that is shown" }] });
    await own.close();
  });

  test("what is posted must come from the page itself: its origin, its token in the cookie, and JSON", async () => {
    const folder = makeRunFolder(join(root, "runs/guarded/1"));
    await later();
    const { origin, port, searchParams } = new URL(watching.url);
    const body = JSON.stringify({ runs: ["guarded/1"], change: "delete" });
    const good = { origin, "content-type": "application/json" };
    const visit = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    for (const headers of [
      { "content-type": "application/json" },
      { ...good, origin: "null" },
      { ...good, origin: `http://127.0.0.1:${Number(port) + 1}` },
      { ...good, "content-type": "text/plain" },
      { ...good, "sec-fetch-site": "same-site" },
      { ...good, ...visit },
    ] as Record<string, string>[])
      expect((await ask("/api/change", { method: "POST", headers, body })).status, JSON.stringify(headers)).toBe(403);
    const token = `/api/change?token=${searchParams.get("token")}`;
    expect((await ask(token, { method: "POST", headers: good, body, cookie: "" })).status).toBe(403);
    expect((await ask("/api/change", { method: "POST", headers: good, body: "[" })).status).toBe(400);
    expect((await ask("/api/run?run=guarded/1", { method: "POST", headers: good, body })).status).toBe(400);
    expect(existsSync(folder)).toBe(true);
  });
});

test("samples, findings, the model and histograms of a run are sent", async () => {
  const histogram = (step: number, name: string) => ({ step, name, of: "weight", edges: [0, 1, 2], counts: [3, 4] });
  makeRunFolder(join(root, "runs/rich/1"), {
    samples: [{ step: 5, text: "hello" }],
    model: { name: "", type: "Linear", parameters: 6, children: [] },
    histograms: [histogram(1, "weight"), histogram(2, "weight"), histogram(1, "bias"), { step: 1, name: "broken" }],
  });
  await later();
  const details = await json<RunDetails>("/api/run?run=rich/1");
  expect(details.samples).toEqual([{ step: 5, text: "hello" }]);
  expect(details.model).toMatchObject({ type: "Linear", parameters: 6 });
  expect(details.histograms).toEqual([
    { name: "weight", of: "weight" },
    { name: "bias", of: "weight" },
  ]);
  expect((await json<Histogram[]>("/api/histograms?run=rich/1&name=weight&of=weight")).map(({ step }) => step)).toEqual(
    [1, 2],
  );
});

test("only runs are read: no path and no link leads out of the folder", async () => {
  writeFileSync(join(root, "secret.jsonl"), '{"step":1,"text":"secret"}\n');
  mkdirSync(join(root, "outside"));
  makeRunFolder(join(root, "outside/1"), { samples: [{ step: 1, text: "secret" }] });
  const folder = makeRunFolder(join(root, "runs/linked/1"));
  symlinkSync(join(root, "secret.jsonl"), join(folder, "samples.jsonl"));
  symlinkSync(join(root, "outside"), join(root, "runs/elsewhere"));
  await later();
  expect((await json<RunDetails>("/api/run?run=linked/1")).samples).toEqual([]);
  for (const run of [
    "../outside/1",
    "..%2Foutside%2F1",
    "elsewhere/1",
    join(root, "outside/1"),
    "linked/1/../../../outside/1",
    "",
    "__proto__",
  ]) {
    expect((await ask(`/api/run?run=${run}`)).status, run).toBe(404);
    expect((await ask(`/report?run=${run}`)).status, run).toBe(404);
  }
  for (const path of [
    "/../secret.jsonl",
    "/%2e%2e/secret.jsonl",
    "//",
    "/..\\secret.jsonl",
    "/page.js/../../x",
    "http://other/",
  ])
    expect([200, 404], path).toContain((await ask(path)).status);
  for (const path of ["/../secret.jsonl", "//outside/1/samples.jsonl"])
    expect((await ask(path)).body).not.toContain('secret"');
});

test("requests to other host names, other methods, and requests from other pages are refused", async () => {
  const { port } = new URL(watching.url);
  expect((await ask("/api/runs", { headers: { host: `localhost:${port}` } })).status).toBe(200);
  for (const host of [
    `attacker.example:${port}`,
    "127.0.0.1",
    `127.0.0.1:${Number(port) + 1}`,
    `127.0.0.1.attacker.example:${port}`,
  ])
    expect((await ask("/api/runs", { headers: { host } })).status, host).toBe(403);
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"])
    expect((await ask("/api/runs", { method })).status, method).toBe(405);
  expect(
    (
      await ask("/api/runs", {
        headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
      })
    ).status,
  ).toBe(403);
  expect(
    (
      await ask("/", {
        headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
      })
    ).status,
  ).toBe(200);
});

describe("without the token in the printed address", () => {
  let [port, token] = ["", ""];
  beforeAll(() => {
    const { port: own, searchParams } = new URL(watching.url);
    [port, token] = [own, searchParams.get("token")!];
  });

  test("nothing is sent, and the answer says where the address is", async () => {
    for (const path of [
      "/",
      "/page.js",
      "/page.css",
      "/api/runs",
      "/api/run?run=sorting/1",
      "/report?run=x",
      "/nothing",
    ])
      for (const cookie of ["", `ansatz-${port}=`, `ansatz-${port}=${token}x`, `ansatz-1=${token}`, token]) {
        const answer = await ask(path, { cookie });
        expect([answer.status, answer.headers["set-cookie"]], `${path} with ${cookie}`).toEqual([403, undefined]);
        expect(answer.body).toMatch(/Open the whole address that `ansatz watch` printed/);
        expect(answer.body + JSON.stringify(answer.headers)).not.toContain(token);
      }
    for (const sent of ["", token.slice(1), token.toUpperCase(), `${token}%00`])
      expect((await ask(`/?token=${sent}`, { cookie: "" })).status, sent).toBe(403);
  });

  test("a visit of that address sets a cookie, and leads to the page without the token in its address", async () => {
    const visit = await ask(`/?token=${token}`, { cookie: "" });
    expect([visit.status, visit.headers.location]).toEqual([303, "/"]);
    expect(visit.headers["set-cookie"]).toEqual([`ansatz-${port}=${token}; Path=/; HttpOnly; SameSite=Lax`]);
    expect((await ask("/", { cookie: `other=1; ansatz-${port}=${token}; ansatz-1=x` })).status).toBe(200);
    expect((await ask(`/api/runs?token=${token}`, { cookie: "" })).status).toBe(200); // for programs
  });

  test("each page has another token, of 24 random bytes", async () => {
    const other = await watch(join(root, "runs"));
    const another = new URL(other.url).searchParams.get("token")!;
    await other.close();
    expect(Buffer.from(another, "base64url")).toHaveLength(24);
    expect(another).not.toBe(token);
  });

  test("a foreign name or page is refused, even with it", async () => {
    expect((await ask(`/?token=${token}`, { headers: { host: `attacker.example:${port}` } })).status).toBe(403);
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    expect((await ask(`/api/runs?token=${token}`, { headers })).status).toBe(403);
  });
});

test("the headers forbid everything that the page does not need; a run's report can run no code", async () => {
  const folder = makeRunFolder(join(root, "runs/reported/1"));
  writeFileSync(join(folder, "report.html"), hostile);
  await later();
  const page = await ask("/");
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; /);
  expect(page.headers["x-content-type-options"]).toBe("nosniff");
  expect(page.headers["access-control-allow-origin"]).toBeUndefined();
  for (const path of ["/page.js", "/page.css"]) expect((await ask(path)).status).toBe(200);
  expect((await ask("/page.css")).body).not.toMatch(/https?:|@import/);
  const report = await ask("/report?run=reported/1");
  expect(report.headers["content-security-policy"]).toMatch(/^sandbox; default-src 'none'; style-src 'unsafe-inline'/);
});

test("content that did not change is not sent again", async () => {
  const first = await ask("/api/runs");
  const again = await ask("/api/runs", { headers: { "if-none-match": first.headers.etag! } });
  expect([again.status, again.body]).toEqual([304, ""]);
});

test("a port that is taken is named, with a way to fix it", async () => {
  await expect(watch(root, { port: Number(new URL(watching.url).port) })).rejects.toThrow(WatchError);
  await expect(watch(root, { port: Number(new URL(watching.url).port) })).rejects.toThrow(
    /another program is using it\n {2}choose another port with --port/,
  );
});
