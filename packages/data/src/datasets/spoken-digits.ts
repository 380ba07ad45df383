import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import { downloaded, type RemoteFile } from "./download.ts";
import type { Recording } from "./recorded-speech.ts";
import { audioSamplesOf } from "./wave.ts";

const commit = "d6938f9bf1545aa66d8489fc9f1385a7abd64282"; // version 1.0.10

const archive: RemoteFile = {
  name: "free-spoken-digit-dataset-1.0.10.tar.gz",
  urls: [`https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/tar.gz/${commit}`],
  sha256: "805d126b19fa6708357f6689a286b87b0d469b9cf1a67995df0a95a5cadd2a38",
  checked: (file) => Buffer.concat([...recordingsIn(file)].flatMap(([name, wave]) => [Buffer.from(name), wave])),
};

const words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** A digit that somebody says. */
export interface SpokenDigit extends Recording {
  readonly digit: number;
  readonly speaker: string;
  /** Which of this speaker's recordings of the digit it is, from 0 on. */
  readonly take: number;
}

/**
 * Ten digits by six speakers, 50 times each: 3,000 recordings with 8,000 samples per second, 22 minutes. The Free
 * Spoken Digit Dataset by Zohar Jackson and others, version 1.0.10, CC BY-SA 4.0. It is downloaded once, 16 MB, from
 * GitHub to the user's cache folder. The takes 0 to 4 are those that its authors keep for tests.
 *
 * @throws DatasetError if it cannot be downloaded, or isn't the one that results were measured on
 */
export async function spokenDigits(): Promise<readonly SpokenDigit[]> {
  return digitsOf(recordingsIn(await downloaded("spokenDigits", archive)));
}

/** The recordings in an archive by their names, such as `7_jackson_32`, in the order of the names. */
export function recordingsIn(file: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const entries = parseTar(Uint8Array.from(gunzipSync(file))).flatMap(({ name, type, data }) => {
    const own = /\/recordings\/(.+)\.wav$/.exec(name)?.[1];
    return type === "file" && own !== undefined && data !== undefined ? [[own, data] as const] : [];
  });
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function digitsOf(recordings: ReadonlyMap<string, Uint8Array>): readonly SpokenDigit[] {
  return Array.from(recordings, ([name, wave]) => {
    const [digit, speaker, take] = name.split("_") as [string, string, string];
    const own = { digit: Number(digit), speaker, take: Number(take) };
    return { name, transcript: words[own.digit]!, ...own, ...audioSamplesOf(wave) };
  });
}
