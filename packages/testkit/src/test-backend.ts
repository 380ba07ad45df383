import type { Backend } from "@ansatz/core/plugin";
import { afterAll, beforeAll, describe } from "vitest";
import { bufferSuite } from "./suites/buffers.ts";
import { checkpointSuite } from "./suites/checkpoint.ts";
import { matmulSuite } from "./suites/matmul.ts";
import { memorySuite } from "./suites/memory.ts";
import { operationSuite } from "./suites/operations.ts";
import { repetitionSuite } from "./suites/repetition.ts";
import { randomSuite } from "./suites/random.ts";
import { scanSuite } from "./suites/scan.ts";

export interface TestBackendOptions {
  /**
   * A backend with float64 that is trusted: forward values and gradients are compared with its. Without one the backend
   * is the reference itself: values are compared with plain JavaScript, gradients with finite differences.
   */
  readonly oracle?: CreateBackend;
}

/**
 * Declares the conformance suite of a backend: every op of core over dtypes, shapes, NaN and infinities, gradients of
 * first and second order, loops, buffers, memory, and equal bits when repeated. An op without samples fails it.
 *
 * In a test file: `testBackend(cpu); testBackend(onnx, { oracle: cpu })`.
 */
export function testBackend(create: CreateBackend, options: TestBackendOptions = {}): void {
  describe("backend conformance", () => {
    let made: Subjects | undefined;
    beforeAll(async () => {
      made = { backend: await create(), oracle: await options.oracle?.() };
    });
    afterAll(() => {
      made?.backend.dispose();
      made?.oracle?.dispose();
    });
    const subjects = (): Subjects => {
      if (made === undefined) throw new Error("testBackend: the backend is made before the first test runs");
      return made;
    };
    bufferSuite(subjects);
    operationSuite(subjects);
    matmulSuite(subjects);
    scanSuite(subjects);
    checkpointSuite(subjects);
    randomSuite(subjects);
    repetitionSuite(subjects);
    memorySuite(subjects);
  });
}
