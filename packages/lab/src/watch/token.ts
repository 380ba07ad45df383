import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * The secret without which nothing of a page is sent, since every user of this machine can reach its port. It is in
 * the address that `ansatz watch` prints. A visit of that address stores it in a cookie, which the page's own requests
 * send.
 */
export class Token {
  readonly value = randomBytes(24).toString("base64url");
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** The cookie that holds it. Cookies are shared by all ports of an address, so the port is part of the name. */
  get cookie(): string {
    return `${this.#name}=${this.value}; Path=/; HttpOnly; SameSite=Lax`;
  }

  /** Where a request has it, if it is the right one. */
  placeIn(request: IncomingMessage, query: URLSearchParams): "address" | "cookie" | undefined {
    if (this.#is(query.get("token"))) return "address";
    const cookies = (request.headers.cookie ?? "").split("; ");
    const sent = cookies.find((cookie) => cookie.startsWith(`${this.#name}=`));
    return this.#is(sent?.slice(this.#name.length + 1)) ? "cookie" : undefined;
  }

  get #name(): string {
    return `ansatz-${this.#port}`;
  }

  /** Compares in constant time, whatever the length. */
  #is(sent: string | null | undefined): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(sent ?? ""), digest(this.value));
  }
}
