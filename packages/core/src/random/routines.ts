/**
 * WebAssembly SIMD routines that draw random numbers: their few kilobytes are put together here, on first use, so that
 * the source of a routine is what runs.
 */
import { sized, start } from "./assembly.ts";
import { normals, type Normals } from "./box-muller-kernel.ts";
import { draw, type Draw } from "./threefry-kernel.ts";

/** The routines and the block of memory that they write. */
export interface Routines {
  readonly memory: ArrayBuffer;
  /** Where the block begins, in bytes. */
  readonly start: number;
  /** Bytes in the block, a multiple of 128. */
  readonly size: number;
  readonly draw: Draw;
  readonly normals: Normals;
}

/** The part of WebAssembly's JavaScript interface used here; its types come with browsers' only. */
interface Engine {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly draw: Draw;
      readonly normals: Normals;
    };
  };
}

let loaded: { readonly routines: Routines | undefined } | undefined;

/** The routines, made on first use; undefined if WebAssembly SIMD is missing or forbidden. */
export function routines(): Routines | undefined {
  loaded ??= { routines: load() };
  return loaded.routines;
}

function load(): Routines | undefined {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly;
  if (engine === undefined) return undefined;
  try {
    const { exports } = new engine.Instance(new engine.Module(assembleRoutines()));
    return { memory: exports.memory.buffer, start, size: 32_768, draw: exports.draw, normals: exports.normals };
  } catch {
    return undefined; // no SIMD, or a content security policy without 'wasm-unsafe-eval'
  }
}

/** The WebAssembly module's bytes. */
export function assembleRoutines(): Uint8Array {
  const all = [draw(), normals()];
  const text = (characters: string): number[] => sized([...characters].map((character) => character.charCodeAt(0)));
  const section = (id: number, items: readonly (readonly number[])[]): number[] => [
    id,
    ...sized([items.length, ...items.flat()]),
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      all.map(({ parameters }) => [0x60, ...sized(parameters), 0]),
    ),
    ...section(
      3,
      all.map((_, type) => [type]),
    ),
    ...section(5, [[1, 1, 1]]), // one page of 64 KiB, never more
    ...section(7, [
      [...text("memory"), 2, 0],
      [...text("draw"), 0, 0],
      [...text("normals"), 0, 1],
    ]),
    ...section(
      10,
      all.map(({ locals, code }) => sized([locals.length, ...locals.flat(), ...code])),
    ),
  ]);
}
