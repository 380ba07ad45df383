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
import { detailsOf, histogramsOf } from "./details.ts";
import { readPlain } from "./followed-lines.ts";
import { loopback, protection, refusalOf, reportProtection } from "./guard.ts";
import { drawnAtFirst, type ListedRuns } from "./messages.ts";
import { pageFiles, type PageFile } from "./page-files.ts";
import { RunStore } from "./run-store.ts";

/** An error for a page that cannot be served. */
export class WatchError extends AnsatzError {}

/** A page that is being served. */
export interface Watching {
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
 * Serves a read-only page that shows the runs below a folder live, to this machine only.
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
  const server = createServer((request, response) => {
    void answer(request, response, store, page, (server.address() as AddressInfo).port);
  });
  const port = await listen(server, wanted);
  void store.prepare(drawnAtFirst).catch(() => undefined); // errors are reported when the runs are requested
  return {
    url: `http://${loopback}:${port}/`,
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

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  store: RunStore,
  page: ReadonlyMap<string, PageFile>,
  port: number,
): Promise<void> {
  const refusal = refusalOf(request, port);
  const {
    status = 200,
    type,
    body,
    headers,
  } = refusal === undefined ? await contentOf(request.url ?? "/", store, page) : text(refusal.message, refusal.status);
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

async function contentOf(address: string, store: RunStore, page: ReadonlyMap<string, PageFile>): Promise<Reply> {
  if (!URL.canParse(address, `http://${loopback}`)) return text("that isn't a valid address", 404);
  const { pathname, searchParams: query } = new URL(address, `http://${loopback}`);
  const file = page.get(pathname);
  if (file !== undefined) return file;
  try {
    if (pathname === "/api/runs") return json({ root: store.root, runs: await store.summaries() } satisfies ListedRuns);
    if (pathname === "/api/curves")
      return json(
        await store.curves(query.getAll("run"), {
          points: between(query.get("points"), 2, 4_000, 500),
          smoothing: between(query.get("smoothing"), 0, 0.999, 0),
          from: step(query.get("from")),
          to: step(query.get("to")),
        }),
      );
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

function json(value: unknown): Reply {
  return { type: "application/json", body: JSON.stringify(value) };
}

function text(message: string, status: number): Reply {
  return { status, type: "text/plain", body: message };
}

function between(written: string | null, least: number, most: number, otherwise: number): number {
  const value = written === null || written === "" ? NaN : Number(written);
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : otherwise;
}

function step(written: string | null): number | undefined {
  const value = written === null || written === "" ? NaN : Number(written);
  return Number.isFinite(value) ? value : undefined;
}
