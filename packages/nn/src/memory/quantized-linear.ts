import {
  add,
  buffer,
  cast,
  div,
  matmul,
  Module,
  mul,
  reshape,
  remainder,
  slice,
  stack,
  sub,
  tensor,
  transpose,
  type Cell,
  type Tensor,
} from "@ansatz/core";
import type { Linear } from "../layers/linear.ts";

/** How far 8-bit weights are from the weights that they replace. */
export interface QuantizationError {
  /** √(Σ (w − ŵ)² / Σ w²), over the whole matrix. */
  readonly relative: number;
  /** max |w − ŵ|, which is at most half a step. */
  readonly largest: number;
}

/** Packs four whole numbers from −128 to 127 into a word, the first into the lowest byte. */
function packed(numbers: Int8Array): Int32Array {
  return new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length / 4);
}

/**
 * The numbers in words [rows, words], as floats [rows, 4 · words]. Every step is exact, because no dividend has more
 * than 24 bits.
 */
function unpacked(words: Tensor): Tensor {
  const [rows, count] = words.shape as [number, number];
  const bytes: Tensor[] = [];
  let rest = words;
  for (let i = 0; i < 3; i++) {
    const byte = remainder(rest, 256); // 0 to 255; 128 and above stand for negative numbers
    bytes.push(sub(remainder(add(byte, 128), 256), 128));
    rest = cast(div(sub(rest, byte), 256), "int32");
  }
  return reshape(cast(stack([...bytes, rest], 2), "float32"), [rows, 4 * count]);
}

/**
 * A linear layer with 8-bit weights: y = x (s ⊙ Q)ᵀ + b, with whole numbers Q from −127 to 127 and a step s = max |w| /
 * 127 for each output. Symmetric and per channel: Krishnamoorthi 2018, arXiv:1806.08342. The largest weight is at 127:
 * the absmax of Dettmers et al. 2022, arXiv:2208.07339.
 *
 * For inference, or as a frozen part of a model in training: gradients pass to its input. `QuantizedLinear.of(linear)`
 * makes one. It takes a quarter of the memory: a word of int32 holds four numbers.
 *
 * @example (await QuantizedLinear.of(new Linear(3, 2))).forward(zeros([5, 3])).shape  // [5, 2]
 */
export class QuantizedLinear extends Module {
  readonly words: Cell; // Q  [outputs, ⌈inputs / 4⌉] of int32
  readonly scale: Cell; // s  [outputs]
  readonly bias: Cell | undefined; // b  [outputs]
  readonly inputs: number;
  readonly error: QuantizationError;

  private constructor(parts: {
    readonly words: Tensor;
    readonly scale: Tensor;
    readonly bias: Tensor | undefined;
    readonly inputs: number;
    readonly error: QuantizationError;
  }) {
    super();
    this.words = buffer(parts.words);
    this.scale = buffer(parts.scale);
    this.bias = parts.bias && buffer(parts.bias);
    this.inputs = parts.inputs;
    this.error = parts.error;
  }

  /** The nearest layer with 8-bit weights, and its error. */
  static async of(linear: Linear): Promise<QuantizedLinear> {
    const [outputs, inputs] = linear.weight.shape as [number, number];
    const weight = await linear.weight.data();
    const width = 4 * Math.ceil(inputs / 4);
    const [numbers, scale] = [new Int8Array(outputs * width), new Float32Array(outputs)];
    let [wrong, all, largest] = [0, 0, 0];
    for (let row = 0; row < outputs; row++) {
      const own = weight.subarray(row * inputs, (row + 1) * inputs);
      const step = Math.fround(Array.from(own, Math.abs).reduce((a, b) => Math.max(a, b), 0) / 127);
      scale[row] = step;
      for (const [i, value] of own.entries()) {
        const number = step === 0 ? 0 : Math.round(value / step);
        numbers[row * width + i] = number;
        const off = Math.abs(value - number * step);
        [wrong, all, largest] = [wrong + off * off, all + value * value, Math.max(largest, off)];
      }
    }
    const bias = linear.bias === undefined ? undefined : tensor(await linear.bias.data());
    const error = { relative: all === 0 ? 0 : Math.sqrt(wrong / all), largest };
    return new QuantizedLinear({
      words: tensor(packed(numbers), { shape: [outputs, width / 4] }),
      scale: tensor(scale),
      bias,
      inputs,
      error,
    });
  }

  forward(x: Tensor): Tensor {
    // [..., inputs] -> [..., outputs]
    const numbers = cast(slice(unpacked(this.words.read()), [null, [0, this.inputs]]), this.scale.dtype);
    const y = mul(matmul(x, transpose(numbers)), this.scale); // the step of an output is the same for all its weights
    return this.bias === undefined ? y : add(y, this.bias);
  }
}
