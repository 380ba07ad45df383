import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Graph, ProgramProfile } from "@ansatz/core/plugin";
import { summarizeTrace, type TraceEvent } from "./kernel-times.ts";

/** Measures one program. */
export interface ProgramProfiler {
  /** How the name of onnxruntime's trace begins. */
  readonly prefix: string;
  /** How long each run's in-place updates took, in milliseconds. */
  readonly updates: number[];
}

interface Profiled {
  readonly graph: Graph;
  readonly profiler: ProgramProfiler;
  /** Makes onnxruntime write its trace. */
  readonly end: () => void;
}

/** Measures the kernels of programs, by onnxruntime's own traces, which it writes to files. */
export class Profiler {
  readonly #folder = mkdtempSync(join(tmpdir(), "ansatz-onnx-trace-"));
  readonly #profiled: Profiled[] = [];
  #programs = 0;

  /** A profiler for a program that is about to be compiled. */
  program(): ProgramProfiler {
    return { prefix: join(this.#folder, `program-${this.#programs++}-`), updates: [] };
  }

  add(profiled: Profiled): void {
    this.#profiled.push(profiled);
  }

  /** Ends the measurement, reads the traces and removes them. */
  end(): ProgramProfile[] {
    try {
      return this.#profiled.map(({ graph, profiler, end }) => {
        end();
        return summarizeTrace(graph, this.#trace(profiler), profiler.updates);
      });
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** No events if kernels of ours do everything. */
  #trace({ prefix }: ProgramProfiler): readonly TraceEvent[] {
    const file = readdirSync(this.#folder).find((name) => join(this.#folder, name).startsWith(prefix));
    return file === undefined ? [] : (JSON.parse(readFileSync(join(this.#folder, file), "utf8")) as TraceEvent[]);
  }
}
