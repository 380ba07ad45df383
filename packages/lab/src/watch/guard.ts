import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";

/** The only address that the page is served on: other machines cannot reach it. */
export const loopback = "127.0.0.1";

/** The names by which this machine calls itself. */
const ownNames = [loopback, "localhost"];

/** A request that is not answered, and why. */
export interface Refusal {
  readonly status: 403 | 405;
  readonly message: string;
}

/**
 * Refuses what the page itself never asks: other methods than reading, names of other hosts (a page elsewhere whose
 * name was made to lead here, "DNS rebinding"), and requests that pages of other origins send.
 */
export function refusalOf(request: IncomingMessage, port: number): Refusal | undefined {
  if (request.method !== "GET" && request.method !== "HEAD")
    return { status: 405, message: "this page can only be read" };
  if (!ownNames.some((name) => request.headers.host === `${name}:${port}`))
    return {
      status: 403,
      message: `open http://${loopback}:${port} instead: other names of this machine are not answered`,
    };
  const site = request.headers["sec-fetch-site"];
  const visited = request.headers["sec-fetch-mode"] === "navigate" && request.headers["sec-fetch-dest"] === "document";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !visited)
    return { status: 403, message: "other pages are not answered" };
  return undefined;
}

/**
 * Sent with everything: nothing is loaded from elsewhere, nothing is run that we did not write, nobody frames or keeps
 * it.
 */
export const protection: OutgoingHttpHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** Sent with a run's report, which anyone may have written: it may show text and pictures, and nothing else. */
export const reportProtection: OutgoingHttpHeaders = {
  ...protection,
  "content-security-policy":
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
