import {
  add,
  and,
  ArgumentError,
  broadcastTo,
  clamp,
  concat,
  expandDims,
  full,
  gather,
  iota,
  less,
  Module,
  mul,
  parameter,
  RandomStream,
  reshape,
  ShapeError,
  slice,
  transpose,
  uniform,
  where,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { defaultStream, showShape } from "@ansatz/core/plugin";
import { LSTM, type LSTMState, type RandomSource } from "@ansatz/nn";
import { beamSearch, type BeamSearchOptions, type Hypotheses } from "./beam-search.ts";
import type { Constraint } from "./constraint.ts";
import { lstmEncoder, type ElementEncoder, type EncoderFactory } from "./encoders.ts";

export interface PlaceDecoderOptions {
  /** The features of each element. */
  readonly inputs: number;
  /** The width of the states of encoder and decoder. */
  readonly hidden: number;
  /** Makes the layer that reads the elements, such as `transformerEncoder`. Default: `lstmEncoder()`. */
  readonly encoder?: EncoderFactory;
  /**
   * Whether outputs differ in length: the network then says when they end. The end is the choice after the last place.
   * Default: false.
   */
  readonly ends?: boolean;
  readonly random?: RandomSource;
}

export interface PlaceOptions {
  /** The number of elements of each row, [batch] of int32. What follows is padding, which is never chosen. */
  readonly lengths?: Tensor;
  /** What may be said after what, such as `eachOnce`. All else gets probability 0. Default: every place, at any time. */
  readonly constraint?: Constraint;
}

/** The elements as the encoder has read them. */
export interface Memory<Keys> {
  readonly elements: Tensor; // [batch, places, inputs]
  readonly exists: Tensor; // [batch, places] of bool
  readonly keys: Keys;
  readonly start: LSTMState;
}

/**
 * The common part of networks whose output is a sequence of places of their input: an encoder reads the elements, and
 * an LSTM says places. At each step the LSTM reads the element at the place that was said last: the element itself, not
 * a mean of elements.
 *
 * A network of this kind is made of `keysOf` and `score`.
 */
export abstract class PlaceDecoder<Keys> extends Module {
  readonly inputs: number;
  readonly hidden: number;
  readonly ends: boolean;
  readonly encoder: ElementEncoder;
  readonly decoder: LSTM;
  readonly first: Parameter; // ⇒, what the decoder reads at its first step  [inputs]

  constructor({ inputs, hidden, encoder = lstmEncoder(), ends = false }: PlaceDecoderOptions, random: RandomStream) {
    super();
    for (const [what, value] of Object.entries({ inputs, hidden }))
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`${new.target.name}: ${what} is ${String(value)}\n  use a whole number, 1 or more`);
    const bound = 1 / Math.sqrt(hidden);
    this.inputs = inputs;
    this.hidden = hidden;
    this.ends = ends;
    this.encoder = encoder(inputs, hidden, random);
    this.decoder = new LSTM(inputs, hidden, { random });
    this.first = parameter(uniform(random.next(), [inputs], { low: -bound, high: bound }));
  }

  /** What is computed once for all steps, from the states of the encoder [batch, places, hidden]. */
  protected abstract keysOf(states: Tensor): Keys;

  /**
   * The scores [batch, queries, choices] of every choice, for states of the decoder [batch, queries, hidden]. `valid`
   * [batch, 1 or queries, choices] is true where a choice counts.
   */
  protected abstract score(queries: Tensor, memory: Memory<Keys>, valid: Tensor): Tensor;

  /** The number of choices at each step: the places, and the end if there is one. */
  choices(elements: Tensor): number {
    return elements.shape[1]! + (this.ends ? 1 : 0);
  }

  /**
   * The scores of the right output, step by step: [batch, steps, choices]. The decoder reads the right places, not its
   * own answers (teacher forcing), so all steps are computed at once. Train it with
   * `crossEntropy(scores, target, { ignoredIndex: -1 })`.
   *
   * elements [batch, places, inputs]; target [batch, steps] of int32 are the right places. If outputs end, the end
   * follows, as the place after the last, `elements.shape[1]`, and −1 after it.
   *
   * @throws ShapeError for elements, targets or lengths of another shape
   */
  forward(elements: Tensor, target: Tensor, { lengths, constraint }: PlaceOptions = {}): Tensor {
    this.#check(elements, lengths);
    const batch = elements.shape[0]!;
    if (target.rank !== 2 || target.shape[0] !== batch || target.shape[1] === 0)
      throw new ShapeError(`${this.#name}: the target is ${showShape(target.shape)} but must be [${batch}, steps]`);
    const steps = target.shape[1]!;
    const memory = this.encode(elements, lengths);
    const read = this.#elementsAt(elements, slice(target, [null, [0, steps - 1]]));
    const inputs = concat([broadcastTo(this.first, [batch, 1, this.inputs]), read], 1);
    const [outputs] = this.decoder.forward(transpose(inputs, [1, 0, 2]), memory.start);
    const earlier = less(iota(steps), reshape(iota(steps), [steps, 1])); // [steps, steps]
    const said = constraint
      ? where(earlier, expandDims(target, 1), -1) // what was said before each step
      : full([batch, 1, 1], -1, { dtype: "int32" });
    const valid = this.#valid(said, memory.exists, constraint);
    return masked(this.score(transpose(outputs, [1, 0, 2]), memory, valid), valid);
  }

  /**
   * The likeliest choice at each step, read again at the next: places [batch, steps] of int32, with −1 after the end.
   * It is one graph, with a loop for the steps.
   *
   * @throws ShapeError for elements or lengths of another shape; ArgumentError for steps below 1
   */
  greedy(elements: Tensor, options: Omit<BeamSearchOptions, "beams"> = {}): Tensor {
    const { places } = this.beamSearch(elements, { ...options, beams: 1 });
    return reshape(places, [places.shape[0]!, places.shape[2]!]);
  }

  /**
   * The likeliest outputs, found by following several at once, best first. Every output is valid: if there are fewer
   * valid ones than `beams`, the rest is −1 everywhere, with a log-probability of −Infinity. It is one graph, with a
   * loop for the steps. Graves 2012, arXiv:1211.3711; Sutskever, Vinyals & Le 2014, arXiv:1409.3215.
   *
   * @throws ShapeError for elements or lengths of another shape; ArgumentError for beams or steps below 1
   */
  beamSearch(elements: Tensor, options: BeamSearchOptions): Hypotheses {
    const { beams, lengths, constraint, steps = this.choices(elements) } = options;
    this.#check(elements, lengths);
    for (const [what, value] of Object.entries({ beams, steps }))
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`${this.#name}: ${what} is ${String(value)}\n  use a whole number, 1 or more`);
    const memory = this.encode(elements, lengths);
    const batch = elements.shape[0]!;
    return beamSearch<LSTMState>(
      { batch, beams, steps, choices: this.choices(elements), end: this.ends ? elements.shape[1]! : undefined },
      {
        hidden: reshape(memory.start.hidden, [batch, this.hidden]),
        cell: reshape(memory.start.cell, [batch, this.hidden]),
      },
      (state, latest, isFirst, said) => {
        const element = where(isFirst, this.first, this.#elementsAt(elements, latest)); // [batch, beams, inputs]
        const flat = (x: Tensor): Tensor => reshape(x, [1, batch * beams, this.hidden]);
        const [output, next] = this.decoder.step(reshape(element, [batch * beams, this.inputs]), {
          hidden: flat(state.hidden),
          cell: flat(state.cell),
        });
        const valid = this.#valid(said, memory.exists, constraint);
        const scores = this.score(reshape(output, [batch, beams, this.hidden]), memory, valid);
        const wide = (x: Tensor): Tensor => reshape(x, [batch, beams, this.hidden]);
        return { scores: masked(scores, valid), valid, state: { hidden: wide(next.hidden), cell: wide(next.cell) } };
      },
    );
  }

  /** Reads the elements. */
  protected encode(elements: Tensor, lengths: Tensor | undefined): Memory<Keys> {
    const [batch, places] = elements.shape as [number, number];
    const [states, start] = this.encoder.forward(elements, lengths);
    const exists = less(iota(places), lengths === undefined ? places : reshape(lengths, [batch, 1]));
    return { elements, exists: broadcastTo(exists, [batch, places]), keys: this.keysOf(states), start };
  }

  /** Which choices are valid after `said` [batch, queries, steps]: [batch, queries, choices] of bool. */
  #valid(said: Tensor, exists: Tensor, constraint: Constraint | undefined): Tensor {
    const [batch, queries, steps] = said.shape as [number, number, number];
    const places = exists.shape[1]!;
    const [rows, known] = [
      batch * queries,
      reshape(broadcastTo(expandDims(exists, 1), [batch, queries, places]), [-1, places]),
    ];
    const allowed = constraint?.(reshape(said, [rows, steps]), known);
    const valid = allowed === undefined ? known : and(known, allowed.places);
    const end = allowed?.end ?? full([rows], 1, { dtype: "bool" });
    const all = this.ends ? concat([valid, reshape(end, [rows, 1])], 1) : valid;
    return reshape(all, [batch, queries, all.shape[1]!]);
  }

  /** The elements at places [batch, count]: [batch, count, inputs]. −1 and the end give some element. */
  #elementsAt(elements: Tensor, at: Tensor): Tensor {
    const [batch, places] = elements.shape as [number, number];
    const rows = add(clamp(at, 0, places - 1), reshape(mul(iota(batch), places), [batch, 1]));
    return gather(reshape(elements, [batch * places, this.inputs]), rows);
  }

  #check(elements: Tensor, lengths: Tensor | undefined): void {
    if (elements.rank !== 3 || elements.shape[2] !== this.inputs || elements.shape[1] === 0)
      throw new ShapeError(
        `${this.#name}: the elements are ${showShape(elements.shape)} ` +
          `but must be [batch, places, inputs] with ${this.inputs} inputs and at least one place`,
      );
    if (lengths !== undefined && showShape(lengths.shape) !== showShape([elements.shape[0]!]))
      throw new ShapeError(
        `${this.#name}: the lengths are ${showShape(lengths.shape)} but must be [batch], here [${elements.shape[0]}]`,
      );
  }

  get #name(): string {
    return this.constructor.name;
  }
}

/** The stream to draw from: the given one, that of a seed, or a fork of the process-wide one. */
export function streamOf(random: RandomSource | undefined): RandomStream {
  if (random === undefined) return defaultStream().fork();
  return random instanceof RandomStream ? random : new RandomStream(random);
}

/** So low where a choice isn't valid that softmax gives exactly 0, but finite: if none is valid, nothing becomes NaN. */
export function masked(scores: Tensor, valid: Tensor): Tensor {
  return where(valid, scores, -1e30);
}
