import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** The only address on which the page is served: other machines cannot reach it. */
export const loopback = "127.0.0.1";

/** The names that this machine has for itself. */
const ownNames = [loopback, "localhost"];

/** Why a request is refused. */
export interface Refusal {
  readonly status: 403 | 405;
  readonly message: string;
}

/**
 * Refuses requests that the page itself never sends: other methods, other host names (DNS rebinding points the name of
 * a foreign page here), and requests from pages of other origins. What is posted must come from the page itself: the
 * browser names its origin, and a form of another page cannot send JSON.
 */
export function refusalOf({ method, headers }: IncomingMessage, port: number): Refusal | undefined {
  const reads = method === "GET" || method === "HEAD";
  if (!reads && method !== "POST") return { status: 405, message: "this page is only read, and asked by POST" };
  if (!ownNames.some((name) => headers.host === `${name}:${port}`))
    return {
      status: 403,
      message: `open http://${loopback}:${port} instead: requests to other names of this machine are refused`,
    };
  const site = headers["sec-fetch-site"];
  const visited = reads && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  const foreign = site !== undefined && site !== "same-origin" && site !== "none" && !visited;
  const posted =
    reads || (headers.origin === `http://${headers.host}` && headers["content-type"] === "application/json");
  if (foreign || !posted) return { status: 403, message: "requests from other pages are refused" };
  return undefined;
}

/**
 * Headers of every response: nothing is loaded from elsewhere, only our own script runs, and no page may frame or cache
 * it.
 */
export const protection: OutgoingHttpHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** Headers of a run's report, which anyone may have written: it may show text and pictures, and nothing else. */
export const reportProtection: OutgoingHttpHeaders = {
  ...protection,
  "content-security-policy":
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
