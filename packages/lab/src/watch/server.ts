import { createHash } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { AnsatzError } from "@ansatz/core";
import { isJsonObject, parseObject, type JsonObject } from "../view/parse-lines.ts";
import { changeIn, changeRun } from "./change-runs.ts";
import { detailsOf, histogramsOf } from "./details.ts";
import { loopback, protection, refusalOf, reportProtection } from "./guard.ts";
import { drawnAtFirst, type ChangedRuns, type CurveRequest, type ListedRuns } from "./messages.ts";
import { pageFiles, type PageFile } from "./page-files.ts";
import { RunStore } from "./run-store.ts";
import { readPlain } from "../read-plain.ts";
import { tQuantiles } from "../statistics.ts";
import { Token } from "./token.ts";

/** An error for a page that cannot be served. */
export class WatchError extends AnsatzError {}

/** A page that is being served. */
export interface Watching {
  /** Its address with a token, without which nothing is sent. The token is a new one each time. */
  readonly url: string;
  close(): Promise<void>;
}

export interface WatchOptions {
  /** The port; 0 means any free port. Default: 0. */
  readonly port?: number | undefined;
}

interface Reply {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: OutgoingHttpHeaders;
}

/**
 * Serves a page that shows the runs below a folder live, to this machine only, and there only to those who know its
 * address. Notes on runs can be written there, and runs that have stopped can be deleted.
 *
 * @throws WatchError if the port is taken or invalid
 * @example await watch("runs", { port: 70_000 })  // throws
 */
export async function watch(root: string, options: WatchOptions = {}): Promise<Watching> {
  const { port: wanted = 0 } = options;
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535)
    throw new WatchError(`${wanted} isn't a port\n  use a whole number from 0 to 65535; 0 means any free port`);
  const store = new RunStore(root);
  const page = await pageFiles();
  const server = createServer();
  const port = await listen(server, wanted);
  const token = new Token(port);
  server.on("request", (request, response) => void answer(request, response, { store, page, port, token }));
  void store.prepare(drawnAtFirst).catch(() => undefined); // errors are reported when the runs are requested
  return {
    url: `http://${loopback}:${port}/?token=${token.value}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new WatchError(
          `the page cannot be served on port ${port}: ` +
            `${error.code === "EADDRINUSE" ? "another program is using it" : error.message}\n` +
            "  choose another port with --port; 0 means any free port",
        ),
      ),
    );
    server.listen(port, loopback, () => resolve((server.address() as AddressInfo).port));
  });
}

interface Served {
  readonly store: RunStore;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly port: number;
  readonly token: Token;
}

async function answer(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const { status = 200, type, body, headers } = await replyTo(request, served);
  const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const known = status === 200 && request.headers["if-none-match"] === tag;
  response.writeHead(known ? 304 : status, {
    ...protection,
    ...headers,
    etag: tag,
    "content-type": `${type}; charset=utf-8`,
  });
  response.end(known || request.method === "HEAD" ? undefined : body);
}

async function replyTo(request: IncomingMessage, { store, page, port, token }: Served): Promise<Reply> {
  const refusal = refusalOf(request, port);
  if (refusal !== undefined) return text(refusal.message, refusal.status);
  const address = request.url ?? "/";
  if (!URL.canParse(address, `http://${loopback}`)) return text("that isn't a valid address", 404);
  const { pathname, searchParams: query } = new URL(address, `http://${loopback}`);
  const place = token.placeIn(request, query);
  if (place === undefined) return text(withoutToken, 403);
  if (request.method === "POST")
    return place === "cookie" ? answerTo(pathname, request, store) : text(withoutToken, 403);
  if (place === "cookie") return contentOf(pathname, query, store, page);
  // The page itself is shown without the token in its address, where it could be seen or copied.
  const reply = pathname === "/" ? text("the page is at /", 303) : await contentOf(pathname, query, store, page);
  return {
    ...reply,
    headers: { ...reply.headers, "set-cookie": token.cookie, ...(pathname === "/" && { location: "/" }) },
  };
}

const withoutToken =
  "This page is for the user who serves it.\n" +
  "Open the whole address that `ansatz watch` printed in its terminal: it ends in ?token=…\n" +
  "Each start of `ansatz watch` prints another one.\n";

async function contentOf(
  pathname: string,
  query: URLSearchParams,
  store: RunStore,
  page: ReadonlyMap<string, PageFile>,
): Promise<Reply> {
  const file = page.get(pathname);
  if (file !== undefined) return file;
  try {
    if (pathname === "/api/runs") {
      const runs = await store.summaries();
      return json({ root: store.root, runs, quantiles: tQuantiles(runs.length - 1) } satisfies ListedRuns);
    }
    const folder = await store.folderOf(query.get("run") ?? "");
    if (folder === undefined) return text("there is no such run, or no such page", 404);
    if (pathname === "/api/run") return json(detailsOf(folder));
    if (pathname === "/api/histograms")
      return json(histogramsOf(folder, query.get("name") ?? "", query.get("of") ?? ""));
    if (pathname === "/report")
      return { type: "text/html", body: readPlain(join(folder, "report.html")), headers: reportProtection };
    return text("there is no such page", 404);
  } catch (error) {
    return text((error as Error).message, 500);
  }
}

/** The greatest length of what is posted, in characters. */
const longest = 4_000_000;

/** What the page asks for with a body: curves, or a change of runs. */
async function answerTo(pathname: string, request: IncomingMessage, store: RunStore): Promise<Reply> {
  let sent = "";
  for await (const part of request.setEncoding("utf8")) {
    sent += String(part);
    if (sent.length > longest) return text("that is too long", 413);
  }
  const body = parseObject(sent);
  try {
    if (pathname === "/api/curves") return json(await store.charts(curveRequestIn(body ?? {})));
    const asked = pathname === "/api/change" ? changeIn(body) : undefined;
    if (asked === undefined) return text("that cannot be asked for", 400);
    const refused: { run: string; reason: string }[] = [];
    for (const run of asked.runs) {
      const folder = await store.folderOf(run);
      const refuse = (reason: string) => refused.push({ run, reason });
      if (folder === undefined) refuse("there is no such run");
      else if (folder === store.root && asked.change === "delete") refuse("this is the folder that is shown");
      else await changeRun(folder, asked.change).catch((error: Error) => refuse(error.message));
    }
    store.refresh();
    return json({ refused } satisfies ChangedRuns);
  } catch (error) {
    return text((error as Error).message, 500);
  }
}

/** A request for curves with the values that it may have. */
function curveRequestIn({ lines, axis, logarithmic, points, smoothing, ranges }: JsonObject): CurveRequest {
  const within = (value: unknown, least: number, most: number) =>
    typeof value === "number" ? Math.min(most, Math.max(least, value)) : least;
  const isRange = (value: unknown): value is [number, number] =>
    Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1];
  return {
    lines: (Array.isArray(lines) ? lines : [])
      .filter(isJsonObject)
      .map(({ id, runs }) => ({ id: String(id), runs: Array.isArray(runs) ? runs.map(String) : [] })),
    axis: String(axis ?? "step"),
    logarithmic: logarithmic === true,
    points: Math.round(within(points, 2, 4_000)),
    smoothing: within(smoothing, 0, 0.999),
    ranges: isJsonObject(ranges)
      ? Object.fromEntries(Object.entries(ranges).filter((one): one is [string, [number, number]] => isRange(one[1])))
      : {},
  };
}

function json(value: unknown): Reply {
  return { type: "application/json", body: JSON.stringify(value) };
}

function text(message: string, status: number): Reply {
  return { status, type: "text/plain", body: message };
}
