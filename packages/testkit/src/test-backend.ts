import { AnsatzError } from "@ansatz/core";
import { afterAll, beforeAll, describe } from "vitest";
import type { CreateBackend, Subjects } from "./subjects.ts";
import { bufferSuite } from "./suites/buffers.ts";
import { indicesSuite } from "./suites/indices.ts";
import { checkpointSuite } from "./suites/checkpoint.ts";
import { matmulSuite } from "./suites/matmul.ts";
import { memorySuite } from "./suites/memory.ts";
import { operationSuite } from "./suites/operations.ts";
import { repetitionSuite } from "./suites/repetition.ts";
import { randomSuite } from "./suites/random.ts";
import { scanSuite } from "./suites/scan.ts";

export interface TestBackendOptions {
  /**
   * A trusted backend with float64; forward values and gradients must agree with its results. Without an oracle the
   * backend is the reference itself: values are compared with plain JavaScript, gradients with finite differences.
   */
  readonly oracle?: CreateBackend;
}

/**
 * Declares the conformance suite of a backend. It runs every op of core over dtypes, shapes, NaN and infinities, with
 * gradients of first and second order. It also tests loops, buffers and memory, and that a repeated run gives the same
 * bits. The suite fails if an op of core has no samples.
 *
 * Call it at the top of a test file: `testBackend(cpu)`, or `testBackend(onnx, { oracle: cpu })`.
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
      if (made === undefined)
        throw new AnsatzError("testBackend: the backend exists only while tests run\n  read it inside a test");
      return made;
    };
    bufferSuite(subjects);
    operationSuite(subjects);
    indicesSuite(subjects);
    matmulSuite(subjects);
    scanSuite(subjects);
    checkpointSuite(subjects);
    randomSuite(subjects);
    repetitionSuite(subjects);
    memorySuite(subjects);
  });
}
