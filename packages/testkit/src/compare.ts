import { AnsatzError, type DType } from "@ansatz/core";
import { allocate, isFloating } from "@ansatz/core/plugin";

/** How far a result may be from the expected value, relative to that value and to the typical size of all values. */
const tolerances: Partial<Record<DType, number>> = { float32: 1e-5, float64: 1e-11 };

/**
 * Checks values against the expected ones: exactly for integers and booleans, within `slack` times the dtype's
 * tolerance for floats.
 *
 * @throws AnsatzError that names the first value that differs
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  dtype: DType,
  slack = 1,
  what = "result",
): void {
  if (actual.length !== expected.length)
    throw new AnsatzError(`${what}: ${actual.length} values, expected ${expected.length}`);
  // The expected values as the dtype holds them: in float32 large ones overflow to infinity, and integers wrap.
  const rounded = allocate(dtype, expected.length);
  rounded.set(Array.from(expected));
  const tolerance = isFloating(dtype) ? (tolerances[dtype] ?? 0) * slack : 0;
  const spread = tolerance * typicalSize(rounded);
  for (let position = 0; position < rounded.length; position++) {
    const [value, right] = [actual[position]!, rounded[position]!];
    if (value === right || (value !== value && right !== right)) continue;
    if (Math.abs(value - right) <= tolerance * Math.abs(right) + spread && Number.isFinite(right)) continue;
    throw new AnsatzError(
      `${what}: value ${position} of ${rounded.length} is ${value}, expected ${right}\n` +
        `  dtype: ${dtype}, relative tolerance: ${tolerance}`,
    );
  }
}

/** The root mean square of all finite values. */
function typicalSize(values: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let position = 0; position < values.length; position++) {
    const value = values[position]!;
    if (!Number.isFinite(value) || Math.abs(value) > 1e18) continue;
    sum += value * value;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

const bytes = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/**
 * Checks that two results have the same bits.
 *
 * @throws AnsatzError that names the first byte that differs
 */
export function assertSameBits(actual: ArrayBufferView, expected: ArrayBufferView, what: string): void {
  const [a, b] = [bytes(actual), bytes(expected)];
  const different = a.findIndex((byte, position) => byte !== b[position]);
  if (different >= 0 || a.length !== b.length)
    throw new AnsatzError(`${what}: byte ${different} of ${b.length} differs from the first run`);
}
