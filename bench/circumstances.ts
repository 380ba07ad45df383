import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

/** Where and when something was measured. */
export interface Circumstances {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    /** The widest vector instructions that the processor has. */
    readonly instructions: string;
    readonly memoryGiB: number;
    readonly platform: string;
    readonly node: string;
  };
  /** The instructions that PyTorch's oneDNN is limited to, if it is. */
  readonly peerInstructions?: string;
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  /** Whether files differ from the commit. */
  readonly dirty: boolean;
}

/** The circumstances of a measurement that begins now. */
export function circumstances(): Circumstances {
  const git = (...words: string[]) => execFileSync("git", words, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  const limit = process.env["ONEDNN_MAX_CPU_ISA"];
  return {
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      instructions: widestInstructions(),
      memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
      platform: `${process.platform}-${process.arch}`,
      node: process.version,
    },
    ...(limit !== undefined && { peerInstructions: limit }),
    date: new Date().toISOString(),
    commit: git("rev-parse", "HEAD"),
    dirty: git("status", "--porcelain") !== "",
  };
}

function widestInstructions(): string {
  const description = "/proc/cpuinfo";
  if (!existsSync(description)) return process.arch;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync(description, "utf8"))?.[1]?.split(" ") ?? [];
  const known = [
    ["avx512f", "AVX-512"],
    ["avx2", "AVX2"],
  ] as const;
  return known.find(([flag]) => flags.includes(flag))?.[1] ?? process.arch;
}
