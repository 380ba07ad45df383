import {
  add,
  and,
  ArgumentError,
  broadcastTo,
  clamp,
  concat,
  DTypeError,
  expandDims,
  full,
  gather,
  iota,
  less,
} from "@ansatz/core";
import { Module, mul, parameter, reshape, ShapeError, slice, transpose, uniform } from "@ansatz/core";
import { where, type Parameter, type Tensor } from "@ansatz/core";
import { isTensor, showShape, type Tree } from "@ansatz/core/plugin";
import { LSTM, streamOf, type LSTMState, type RandomSource } from "@ansatz/nn";
import { beamSearch, type Hypotheses } from "./beam-search.ts";
import { checkWhole } from "./check-whole.ts";
import type { Constraint } from "./constraint.ts";
import { lstmEncoder, type ElementEncoder, type EncoderFactory } from "./encoders.ts";
import { masked, Pointer, type ChoiceFactory, type ChoiceLayer } from "./pointer.ts";

export interface PointerNetworkOptions {
  /** The features of each element. */
  readonly inputs: number;
  /** The width of the states of encoder and decoder. */
  readonly hidden: number;
  /** Makes the layer that reads the elements, such as `transformerEncoder`. Default: `lstmEncoder()`. */
  readonly encoder?: EncoderFactory;
  /**
   * How often the decoder looks at the elements before it points. It then sees its own state through them alone, so
   * learning begins later. Default: 0.
   */
  readonly glimpses?: number;
  /** Whether outputs differ in length: the end is then one more choice, after the last place. Default: false. */
  readonly ends?: boolean;
  /** Makes the layer that scores the choices, to compare pointing with something else. Default: pointing. */
  readonly choice?: ChoiceFactory;
  readonly random?: RandomSource;
}

export interface PointingOptions {
  /** The number of elements of each row, [batch] of int32. What follows is padding, which is never chosen. */
  readonly lengths?: Tensor;
  /** What may be said after what, such as `eachOnce`. All else gets probability 0. Default: any place, at any time. */
  readonly constraint?: Constraint;
}

export interface DecodingOptions extends PointingOptions {
  /** How many choices are made at most. Default: one for each place, and one for the end if there is one. */
  readonly steps?: number;
}

/** The elements as the encoder has read them. */
interface Memory {
  readonly elements: Tensor; // [batch, places, inputs]
  readonly exists: Tensor; // [batch, places] of bool
  readonly keys: Tree;
  readonly start: LSTMState;
}

/**
 * A pointer network: each of its answers is a place of the input, by the weights of additive attention. Vinyals,
 * Fortunato & Jaitly 2015, arXiv:1506.03134, Section 2.3.
 *
 *   uⱼ = vᵀ tanh(W₁ eⱼ + W₂ dᵢ)      p(Cᵢ | C₁, …, Cᵢ₋₁, P) = softmax(u)
 *
 * eⱼ are the states of the encoder and dᵢ is that of the decoder, an LSTM that reads the element at Cᵢ₋₁: the element
 * itself, not a mean of elements. With `ends` there is one more e, which is learned, and pointing at it ends the
 * output. Each glimpse replaces d by Σⱼ softmax(u)ⱼ eⱼ, with weights of its own kind (Bello et al. 2016,
 * arXiv:1611.09940, Appendix A.1). Nothing depends on the number of places, so inputs may have any.
 *
 * @throws ArgumentError for sizes that aren't whole numbers, and for an encoder or a constraint that is not one;
 * ShapeError for inputs that do not fit
 * @example const network = new PointerNetwork({ inputs: 2, hidden: 8 });
 * network.greedy(zeros([3, 5, 2]), { constraint: eachOnce }).shape // [3, 5]
 */
export class PointerNetwork extends Module {
  readonly inputs: number;
  readonly ends: boolean;
  readonly encoder: ElementEncoder;
  readonly decoder: LSTM;
  readonly choice: ChoiceLayer;
  readonly first: Parameter; // what the decoder reads at its first step  [inputs]

  constructor(options: PointerNetworkOptions) {
    super();
    const { inputs, hidden, encoder = lstmEncoder(), glimpses = 0, ends = false } = options;
    const { choice = (width, own) => new Pointer(width, own) } = options;
    checkWhole("PointerNetwork", { inputs, hidden });
    const random = streamOf(options.random);
    const bound = 1 / Math.sqrt(hidden);
    this.inputs = inputs;
    this.ends = ends;
    this.encoder = encoder(inputs, hidden, random);
    if (typeof this.encoder.forward !== "function")
      throw new ArgumentError(
        "PointerNetwork: the encoder is not a factory\n  call what makes it, as in lstmEncoder()",
      );
    this.decoder = new LSTM(inputs, hidden, { random });
    this.choice = choice(hidden, { ends, glimpses, random });
    this.first = parameter(uniform(random.next(), [inputs], { low: -bound, high: bound }));
  }

  /**
   * The scores u of every choice at each step of the right output: [batch, steps, choices]. The decoder reads the right
   * places, not its own answers (teacher forcing), so all steps are computed at once. Train it with
   * `crossEntropy(scores, target, { ignoredIndex: -1 })`.
   *
   * elements [batch, places, inputs]; target [batch, steps] of int32 are the right places. If outputs end, the end
   * follows, as the place after the last, `elements.shape[1]`, and −1 after it. A target that `lengths` or the
   * constraint forbids has a score of −1e30, so that the loss is of that size.
   *
   * @throws ShapeError for elements, targets or lengths of another shape; DTypeError for lengths that aren't int32
   */
  forward(elements: Tensor, target: Tensor, options: PointingOptions = {}): Tensor {
    const memory = this.#read(elements, options.lengths);
    const [batch, steps] = [elements.shape[0]!, target.shape[1] ?? 0];
    if (target.rank !== 2 || target.shape[0] !== batch || steps === 0)
      throw new ShapeError(`PointerNetwork: the target is ${showShape(target.shape)} but must be [${batch}, steps]`);
    const none = full([batch, 1], -1, { dtype: "int32" });
    const latest = concat([none, slice(target, [null, [0, steps - 1]])], 1);
    const [outputs] = this.decoder.forward(transpose(this.#at(elements, latest), [1, 0, 2]), memory.start);
    const earlier = less(iota(steps), reshape(iota(steps), [steps, 1]));
    const said = where(earlier, expandDims(target, 1), -1); // before each step: [batch, steps, steps]
    const valid = this.#valid(said, memory.exists, options.constraint);
    return masked(this.choice.scores(transpose(outputs, [1, 0, 2]), memory.keys, valid), valid);
  }

  /**
   * The likeliest choice at each step, which the decoder reads at the next: [batch, steps] of int32, −1 after the end.
   * @throws ShapeError for elements or lengths of another shape; ArgumentError for steps below 1
   */
  greedy(elements: Tensor, options: DecodingOptions = {}): Tensor {
    const { places } = this.beamSearch(elements, { ...options, beams: 1 });
    return reshape(places, [places.shape[0]!, places.shape[2]!]);
  }

  /**
   * The likeliest outputs, found by following `beams` at once, best first. All are valid: if fewer outputs are, the
   * rest says −1 and has a log-probability of −Infinity. The steps are a loop in one graph. Graves 2012,
   * arXiv:1211.3711; Sutskever, Vinyals & Le 2014, arXiv:1409.3215.
   *
   * @throws ShapeError for elements or lengths of another shape; ArgumentError for beams or steps below 1
   */
  beamSearch(elements: Tensor, options: DecodingOptions & { readonly beams: number }): Hypotheses {
    const memory = this.#read(elements, options.lengths);
    const [batch, places] = elements.shape as [number, number];
    const choices = places + (this.ends ? 1 : 0);
    const { beams, steps = choices } = options;
    checkWhole("PointerNetwork", { beams, steps });
    const end = this.ends ? places : undefined;
    return beamSearch({ batch, beams, steps, choices, end }, memory.start, (state, latest, said) => {
      const [output, next] = this.decoder.step(reshape(this.#at(elements, latest), [batch * beams, -1]), state);
      const valid = this.#valid(said, memory.exists, options.constraint);
      const scores = this.choice.scores(reshape(output, [batch, beams, -1]), memory.keys, valid);
      return { scores: masked(scores, valid), valid, state: next };
    });
  }

  #read(elements: Tensor, lengths: Tensor | undefined): Memory {
    const [batch, places] = elements.shape as [number, number];
    if (elements.rank !== 3 || elements.shape[2] !== this.inputs || places === 0 || batch === 0)
      throw new ShapeError(
        `PointerNetwork: the elements are ${showShape(elements.shape)} ` +
          `but must be [batch, places, inputs] with ${this.inputs} inputs, and neither may be empty`,
      );
    if (lengths !== undefined && showShape(lengths.shape) !== showShape([batch]))
      throw new ShapeError(
        `PointerNetwork: the lengths are ${showShape(lengths.shape)} but must be [batch], here [${batch}]`,
      );
    if (lengths !== undefined && lengths.dtype !== "int32")
      throw new DTypeError(
        `PointerNetwork: the lengths are ${lengths.dtype} but must be int32\n  make them with integers([5, 3])`,
      );
    const [states, start] = this.encoder.forward(elements, lengths);
    const exists = less(iota(places), lengths === undefined ? places : reshape(lengths, [batch, 1]));
    return { elements, exists: broadcastTo(exists, [batch, places]), keys: this.choice.keys(states), start };
  }

  /** Which choices are valid after `said` [batch, queries, steps]: [batch, queries, choices] of bool. */
  #valid(said: Tensor, exists: Tensor, constraint: Constraint = (_said, places) => ({ places })): Tensor {
    const [batch, queries, steps] = said.shape as [number, number, number];
    const [rows, places] = [batch * queries, exists.shape[1]!];
    const known = reshape(broadcastTo(expandDims(exists, 1), [batch, queries, places]), [rows, places]);
    const allowed = constraint(reshape(said, [rows, steps]), known);
    if (!isTensor(allowed.places))
      throw new ArgumentError(
        "PointerNetwork: the constraint returned no places\n  return { places, end }, or call it: atMostOnce()",
      );
    const { end = full([rows], 1, { dtype: "bool" }) } = allowed;
    const valid = [and(known, allowed.places), ...(this.ends ? [reshape(end, [rows, 1])] : [])];
    return reshape(concat(valid, 1), [batch, queries, -1]);
  }

  /** What the decoder reads after places [batch, count], [batch, count, inputs]; after −1 it is `first`. */
  #at(elements: Tensor, latest: Tensor): Tensor {
    const [batch, places, inputs] = elements.shape as [number, number, number];
    const rows = add(clamp(latest, 0, places - 1), reshape(mul(iota(batch), places), [batch, 1]));
    return where(less(expandDims(latest, 2), 0), this.first, gather(reshape(elements, [batch * places, inputs]), rows));
  }
}
