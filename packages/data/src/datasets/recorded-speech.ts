import { filesOf } from "./debian-package.ts";
import { downloaded, type RemoteFile } from "./download.ts";
import { audioSamplesOf } from "./wave.ts";

/** A Debian package: the pool holds only current versions, and the archive of snapshots every one, by its SHA-1. */
function packageOf(name: string, { sha1, sha256 }: { readonly sha1: string; readonly sha256: string }): RemoteFile {
  const pool = "https://deb.debian.org/debian/pool/main/a/asterisk-core-sounds";
  return { name, urls: [`${pool}/${name}`, `https://snapshot.debian.org/file/${sha1}`], sha256 };
}

const sounds = packageOf("asterisk-core-sounds-en-wav_1.6.1-1_all.deb", {
  sha1: "09697db658b2f81a74c0a9e63e57e565e270a3f4",
  sha256: "2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d",
});
const texts = packageOf("asterisk-core-sounds-en_1.6.1-1_all.deb", {
  sha1: "9c5fc816e4e8281b01454c9e82d6b72794cbc27a",
  sha256: "973e797d28e37fa6ca3c0a9d6fa717e77cf1268ae916bf09fd3503113cdffa50",
});

/** A recording of speech, and its words. */
export interface Recording {
  /** The name, e.g. `digits/7`. */
  readonly name: string;
  readonly transcript: string;
  /** The samples, from −1 to 1. */
  readonly samples: Float32Array;
  /** Samples per second. */
  readonly rate: number;
}

/**
 * Digits, letters and phrases by one speaker: 568 recordings with 8,000 samples per second, 25 minutes. Allison Smith
 * for Asterisk, CC BY-SA 3.0. The data come from Debian's packages asterisk-core-sounds-en and -en-wav: 18 MB that are
 * downloaded once, to the user's cache folder, from Debian's pool or its archive of snapshots.
 *
 * @throws DatasetError if they cannot be downloaded, or aren't those that results were measured on
 */
export async function recordedSpeech(): Promise<readonly Recording[]> {
  const [recorded, written] = [await downloaded("recordedSpeech", sounds), await downloaded("recordedSpeech", texts)];
  return recordingsOf(await filesOf(recorded), await filesOf(written));
}

/** The recordings that have a transcript. */
export function recordingsOf(
  sounds: ReadonlyMap<string, Uint8Array>,
  texts: ReadonlyMap<string, Uint8Array>,
): readonly Recording[] {
  const decoder = new TextDecoder();
  const lines = [...texts]
    .filter(([path]) => path.endsWith(".txt.gz"))
    .flatMap(([, text]) => decoder.decode(text).split("\n"));
  const transcripts = new Map(
    lines.flatMap((line) =>
      /^[^;:]+: /.test(line)
        ? [[line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const]
        : [],
    ),
  );
  const recordings = [...sounds].flatMap(([path, file]): Recording[] => {
    const name = /\/sounds\/[^/]+\/(.+)\.wav$/.exec(path)?.[1];
    const transcript = name === undefined ? undefined : transcripts.get(name);
    return name === undefined || transcript === undefined ? [] : [{ name, transcript, ...audioSamplesOf(file) }];
  });
  return recordings.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
