import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@ansatz/core";
import { pinnedWheels } from "./pinned-wheels.ts";
import { compareReleases, meets, parseRelease } from "./versions.ts";

/** A file in a package index. */
export interface IndexedFile {
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
  /** In bytes, if the index says it. */
  readonly size?: number;
}

/** A wheel, with what its name says: `project-version-python-abi-platform.whl`. */
export interface Wheel extends IndexedFile {
  readonly version: readonly number[];
  readonly platform: string;
}

/** The index that pip would use: PIP_INDEX_URL, the index in pip's configuration, or PyPI. */
export function indexAddress(): string {
  const given = process.env["PIP_INDEX_URL"];
  if (given !== undefined && given !== "") return given;
  const folders = [process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "/etc"];
  const files = [
    process.env["PIP_CONFIG_FILE"] ?? "",
    join(folders[0]!, "pip", "pip.conf"),
    join(homedir(), ".pip", "pip.conf"),
    join("/etc", "pip.conf"),
  ];
  for (const file of files.filter((path) => path !== "" && existsSync(path))) {
    const [, address] = /^\s*index-url\s*[=:]\s*(\S+)/m.exec(readFileSync(file, "utf8")) ?? [];
    if (address !== undefined) return address;
  }
  return "https://pypi.org/simple";
}

/**
 * An address without a user name and password, which `fetch` refuses, and the header that replaces them.
 *
 * @throws BackendError for an address that isn't encrypted, unless it is on this computer
 */
export function request(address: string): { url: string; headers: Record<string, string> } {
  const url = encrypted(address);
  if (url.username === "") return { url: url.href, headers: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = url.password = "";
  return { url: url.href, headers: { Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

function encrypted(address: string): URL {
  const url = new URL(address);
  if (url.protocol === "https:" || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return url;
  throw new BackendError(
    `the address ${url.protocol}//${url.host} isn't encrypted, so that others could change what it serves\n` +
      "  set PIP_INDEX_URL to an index that begins with https://",
  );
}

/**
 * A wheel of a project for 64-bit Linux with a version that meets a requirement: the pinned one, with its pinned
 * checksum; or if `pinned` is false the newest one, with the checksum that the index gives. The C library in it is the
 * same for every version of Python.
 *
 * @throws BackendError if the index cannot be reached or has no such wheel
 */
export async function findWheel(
  project: string,
  versions: string,
  { pinned, signal }: { readonly pinned: boolean; readonly signal: AbortSignal },
): Promise<Wheel> {
  const wheels = (await filesOf(project, signal))
    .flatMap(wheelOf)
    .filter(({ version, platform }) => /^manylinux.*x86_64$/.test(platform) && meets(version, versions));
  const known = wheels.find(({ name }) => Object.hasOwn(pinnedWheels, name));
  const newest = wheels.toSorted((a, b) => compareReleases(b.version, a.version) || b.name.localeCompare(a.name))[0];
  if (pinned && known !== undefined) return { ...known, sha256: pinnedWheels[known.name]! };
  if (!pinned && newest !== undefined) return newest;
  throw new BackendError(
    `the package index has no ${project} ${versions} for Linux on x86_64${pinned ? " whose checksum is known" : ""}\n` +
      `  index: ${shown(indexAddress())}\n  choose another index with PIP_INDEX_URL`,
  );
}

/** The files of a project, from either form of the "simple" interface: JSON (PEP 691) or a page of links (PEP 503). */
async function filesOf(project: string, signal: AbortSignal): Promise<readonly IndexedFile[]> {
  const { url, headers } = request(`${indexAddress().replace(/\/$/, "")}/${project}/`);
  const response = await fetch(url, {
    signal,
    headers: { ...headers, Accept: "application/vnd.pypi.simple.v1+json, text/html;q=0.1" },
  }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new BackendError(
      `the package index cannot be reached: ${reasonOf(error)}\n  index: ${shown(url)}\n` +
        "  choose another index with PIP_INDEX_URL, add a certificate with NODE_EXTRA_CA_CERTS, " +
        "or let Node 24 use the proxy of the environment with NODE_USE_ENV_PROXY=1",
    );
  });
  if (!response.ok)
    throw new BackendError(
      `the package index responds with ${response.status} for ${project}\n` +
        `  index: ${shown(url)}\n  choose another index with PIP_INDEX_URL`,
    );
  encrypted(response.url); // it may have been sent elsewhere
  if (response.headers.get("content-type")?.includes("json") !== true)
    return linksOf(await response.text(), response.url);
  const { files } = (await response.json()) as {
    files: readonly {
      filename: string;
      url: string;
      size?: number;
      hashes: { sha256?: string };
      yanked?: boolean | string;
    }[];
  };
  return files.flatMap((file) => {
    if (file.hashes.sha256 === undefined || (file.yanked ?? false) !== false) return [];
    return [
      {
        name: file.filename,
        url: new URL(file.url, response.url).href,
        sha256: file.hashes.sha256,
        ...(file.size === undefined ? {} : { size: file.size }),
      },
    ];
  });
}

/** The files on a page of links. */
export function linksOf(page: string, address: string): readonly IndexedFile[] {
  return [...page.matchAll(/<a\s([^>]*)>/g)].flatMap(([, attributes = ""]) => {
    const [, link] = /href=["']([^"']+)["']/.exec(attributes) ?? [];
    if (link === undefined || attributes.includes("data-yanked")) return [];
    const url = new URL(link.replaceAll("&amp;", "&"), address);
    const [, sha256] = /sha256=([0-9a-f]{64})/.exec(url.hash) ?? [];
    url.hash = "";
    return sha256 === undefined
      ? []
      : [{ name: decodeURIComponent(url.pathname.split("/").at(-1)!), url: url.href, sha256 }];
  });
}

/** The file as a wheel; none if its name isn't one, or could lead out of the folder that it is kept in. */
function wheelOf(file: IndexedFile): readonly Wheel[] {
  if (!/^[\w.+-]+$/.test(file.name)) return [];
  const [, version = "", platform = ""] = /^[^-]+-([^-]+)-(?:[^-]+-)+([^-]+)\.whl$/.exec(file.name) ?? [];
  const numbers = parseRelease(version);
  return numbers === undefined ? [] : [{ ...file, version: numbers, platform }];
}

/** The message of an error, with the cause that `fetch` attaches to it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

const shown = (address: string): string => request(address).url;
