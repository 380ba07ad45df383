import type { Parameter, Tensor } from "@ansatz/core";
import { allocate, sizeOf } from "@ansatz/core/plugin";

/** Parameters as one vector of float64 on the host. */
export class FlatParameters {
  readonly parameters: readonly Parameter[];
  /** How many numbers they hold together. */
  readonly count: number;

  constructor(parameters: readonly Parameter[]) {
    this.parameters = parameters;
    this.count = parameters.reduce((count, { shape }) => count + sizeOf(shape), 0);
  }

  /** Their values. */
  read(): Promise<Float64Array> {
    return this.join(this.parameters);
  }

  /** One value after the other, of a tensor for each parameter. */
  async join(parts: readonly (Tensor | Parameter)[]): Promise<Float64Array> {
    const joined = new Float64Array(this.count);
    let offset = 0;
    for (const part of parts) {
      const data = await part.data();
      joined.set(data, offset);
      offset += data.length;
    }
    return joined;
  }

  /** Sets them; returns the values that they hold then, in their dtypes. */
  set(values: Float64Array): Float64Array {
    const held = new Float64Array(this.count);
    let offset = 0;
    for (const own of this.parameters) {
      const data = allocate(own.dtype, sizeOf(own.shape));
      data.set(values.subarray(offset, offset + data.length));
      held.set(data, offset);
      own.load(data);
      offset += data.length;
    }
    return held;
  }
}
