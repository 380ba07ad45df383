import { cpu } from "@ansatz/backend-cpu";
import { integers, reshape, use, zeros } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { LearnedPositions, SinusoidalPositions } from "./index.ts";

beforeAll(async () => {
  await use(cpu());
});

const first = reshape(integers([1]), []);

test("learned positions add a row of the weight for each position, also from a given position on", async () => {
  const positions = new LearnedPositions(2, { context: 3, random: 1 });
  const rows = [...(await positions.weight.data("float32"))];
  expect([...(await positions.forward(zeros([1, 2, 2])).data())]).toEqual(rows.slice(0, 4));
  expect([...(await positions.forward(zeros([1, 2, 2]), first).data())]).toEqual(rows.slice(2));
});

test("sinusoidal positions add sin t and cos t for a width of 2", async () => {
  const positions = new SinusoidalPositions();
  const waves = (...times: number[]) => times.flatMap((t) => [Math.sin(t), Math.cos(t)]);
  const close = (data: Iterable<number>) => [...data].map((value) => value.toFixed(6));
  const [found, shifted] = [positions.forward(zeros([1, 2, 2])), positions.forward(zeros([1, 2, 2]), first)];
  expect(close(await found.data())).toEqual(close(waves(0, 1)));
  expect(close(await shifted.data())).toEqual(close(waves(1, 2)));
});
