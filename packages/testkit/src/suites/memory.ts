import {
  add,
  cumsum,
  exp,
  gather,
  grad,
  matmul,
  mul,
  parameter,
  realize,
  sum,
  tanh,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import type { Subjects } from "../subjects.ts";

/** Larger than the results that core moves to the host at once, so that results stay on the backend. */
const shape = [32, 32] as const;
const filled = (value: number): Tensor => tensor(new Float32Array(1024).fill(value), { shape });

/** The memory that the backend holds returns to what it was. */
export function memorySuite(subjects: () => Subjects): void {
  const ready = async (): Promise<Backend> => use(subjects().backend);

  describe("memory", () => {
    test("a result is held until it is disposed", async () => {
      const backend = await ready();
      const before = backend.memory();
      const y = exp(filled(0.5));
      await realize(y);
      expect(backend.memory()).toEqual({ ...before, buffers: before.buffers + 1, bytes: before.bytes + 4096 });
      y.dispose();
      expect(backend.memory()).toEqual(before);
    });

    test("results are inputs of later programs, and intermediate values are freed", async () => {
      const backend = await ready();
      const before = backend.memory();
      const x = filled(0.01);
      let y = tanh(matmul(x, x));
      for (let step = 0; step < 20; step++) {
        await realize(y);
        const next = tanh(add(matmul(y, y), cumsum(y, 0)));
        await realize(next);
        y.dispose();
        y = next;
      }
      y.dispose();
      x.dispose();
      expect(backend.memory()).toEqual(before);
    });

    test("a run that throws leaves nothing behind", async () => {
      const backend = await ready();
      const before = backend.memory();
      await expect(realize(gather(tensor([1, 2, 3]), tensor(3, { dtype: "int32" })))).rejects.toThrow(Error);
      expect(backend.memory()).toEqual(before);
    });

    test("training holds the same memory at every step", async () => {
      const backend = await ready();
      const before = backend.memory();
      const weight = parameter(filled(0.02));
      const moment = parameter(filled(0));
      const held: unknown[] = [];
      for (let step = 0; step < 12; step++) {
        const loss = sum(tanh(matmul(filled(0.1 + step), weight)));
        const [gradient] = grad(loss, [weight.read()]) as [Tensor];
        const next = add(mul(moment.read(), 0.9), gradient);
        const current = weight.read();
        moment.assign(next);
        weight.assign(add(current, mul(next, -0.001)));
        await realize(loss);
        held.push(backend.memory());
      }
      expect(new Set(held.slice(2).map((value) => JSON.stringify(value))).size).toBe(1);
      weight.dispose();
      moment.dispose();
      expect(backend.memory()).toEqual(before);
    });
  });
}
