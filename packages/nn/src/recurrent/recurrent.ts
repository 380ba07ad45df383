import {
  add,
  ArgumentError,
  concat,
  less,
  matmul,
  Module,
  parameter,
  reshape,
  scan,
  ShapeError,
  slice,
  stack,
  transpose,
  uniform,
  where,
  iota,
  zeros,
  type Parameter,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { Dropout } from "../regularization/dropout.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

/** What is carried from step to step: each part [layers · directions, batch, features]. */
export type RecurrentState = { readonly hidden: Tensor };

export interface RecurrentOptions {
  /** How many are stacked, each reading the outputs of the one below; 1 unless given. */
  readonly layers?: number;
  /** Reads the sequence from both ends; outputs stand side by side. */
  readonly bidirectional?: boolean;
  /** Of the outputs between layers. */
  readonly dropout?: number;
  readonly bias?: boolean;
  readonly random?: RandomSource;
}

export interface RecurrentForwardOptions {
  /** How many steps of each sequence count, [batch] of int32: behind them outputs are 0, and the state stays. */
  readonly lengths?: Tensor;
}

/** How a kind of cell is made up. */
export interface CellShape {
  readonly inputs: number;
  readonly hidden: number;
  /** How many gates are stacked in each weight. */
  readonly gates: number;
  /** Whether the recurrent bias is added with the recurrent product, in place of once for all steps. */
  readonly biasInside?: boolean;
  /** The width of the output, where it is projected. */
  readonly projection?: number | undefined;
  /** How many vectors connect the cell's memory to its gates. */
  readonly peepholes?: number;
}

/** One layer in one direction. */
interface Weights {
  readonly input: Parameter; // W  [gates · hidden, inputs]
  readonly recurrent: Parameter; // U  [gates · hidden, output]
  readonly inputBias?: Parameter; // [gates · hidden]
  readonly recurrentBias?: Parameter; // [gates · hidden]
  readonly projection?: Parameter; // [projection, hidden]
  readonly peephole?: Parameter; // [peepholes, hidden]
}

/** The weights as a step uses them. */
export interface StepWeights {
  readonly recurrent: Tensor; // Uᵀ  [output, gates · hidden]
  readonly recurrentBias?: Tensor | undefined;
  readonly projection?: Tensor | undefined; // [hidden, projection]
  readonly peephole?: Tensor | undefined;
}

/**
 * What recurrent layers have in common: layers, directions, dropout between, lengths, states in and out; by one `scan`
 * for each layer and direction.
 *
 * Parameters have PyTorch's names: `weight_ih_l0`, `weight_hh_l0_reverse`, ….
 */
export abstract class Recurrent<State extends Readonly<Record<string, Tensor>>> extends Module {
  readonly [name: `${"weight" | "bias"}_${string}`]: Parameter;
  readonly shape: CellShape;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly dropout: Dropout | undefined;
  readonly #weights: readonly Weights[]; // layers, in each of them directions

  constructor(shape: CellShape, options: RecurrentOptions, start?: Start) {
    super();
    const { layers = 1, bidirectional = false, dropout = 0, bias = true } = options;
    const name = new.target.name;
    for (const [what, value] of Object.entries({ inputs: shape.inputs, hidden: shape.hidden, layers })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ArgumentError(`${name}: ${what} is ${String(value)}\n  use a whole number, 1 or more`);
    }
    const random = streamOf(options.random);
    const bound = 1 / Math.sqrt(shape.hidden);
    const initial: Start = start ?? ((_part, lengths) => uniform(random.next(), lengths, { low: -bound, high: bound }));
    this.shape = shape;
    this.layers = layers;
    this.bidirectional = bidirectional;
    const output = shape.projection ?? shape.hidden;
    const directions = bidirectional ? ["", "_reverse"] : [""];
    this.#weights = Array.from({ length: layers }, (_, layer) =>
      directions.map((direction) => {
        const suffix = `_l${layer}${direction}`;
        const make = (part: string, lengths: readonly number[]): Parameter => {
          const own = parameter(initial(part, lengths, random));
          Object.assign(this, { [part + suffix]: own });
          return own;
        };
        const stacked = shape.gates * shape.hidden;
        return {
          input: make("weight_ih", [stacked, layer === 0 ? shape.inputs : output * directions.length]),
          recurrent: make("weight_hh", [stacked, output]),
          ...(bias && { inputBias: make("bias_ih", [stacked]), recurrentBias: make("bias_hh", [stacked]) }),
          ...(shape.projection !== undefined && { projection: make("weight_hr", [output, shape.hidden]) }),
          ...(shape.peepholes !== undefined && { peephole: make("weight_peephole", [shape.peepholes, shape.hidden]) }),
        };
      }),
    ).flat();
    this.dropout = dropout === 0 ? undefined : new Dropout(dropout, { random });
  }

  /** The widths of the parts of the state, in order; the output is `hidden`. */
  protected abstract widths(): Readonly<Record<keyof State, number>>;

  /** One step of one layer: from Wx + b and the state to the next state. */
  protected abstract advance(input: Tensor, state: State, weights: StepWeights): State;

  /** The outputs of the last layer at all steps, and the last state. */
  forward(x: Tensor, state?: State, options: RecurrentForwardOptions = {}): readonly [Tensor, State] {
    // [time, batch, inputs] -> [time, batch, outputs]
    this.#check(x, 3, "[time, batch, inputs]");
    const finals: State[] = [];
    let sequence = x;
    for (let layer = 0; layer < this.layers; layer++) {
      const outputs = this.#directions(layer).map((place) => {
        const [output, last] = this.#run(place, sequence, this.#initial(state, place, x.shape[1]!), options.lengths);
        finals.push(last);
        return output;
      });
      sequence = this.#between(layer, outputs.length === 1 ? outputs[0]! : concat(outputs, -1));
    }
    return [sequence, this.#together(finals)];
  }

  /**
   * One step of all layers, as in a decoder that feeds back what it puts out.
   * @throws ArgumentError when it is bidirectional
   */
  step(x: Tensor, state?: State): readonly [Tensor, State] {
    // [batch, inputs] -> [batch, outputs]
    if (this.bidirectional)
      throw new ArgumentError(
        `${this.constructor.name}: one step of a layer that reads from both ends makes no sense\n  use forward`,
      );
    this.#check(x, 2, "[batch, inputs]");
    const finals: State[] = [];
    let output = x;
    for (let layer = 0; layer < this.layers; layer++) {
      const next = this.advance(
        this.#projected(layer, output),
        this.#initial(state, layer, x.shape[0]!),
        this.#stepWeights(layer),
      );
      finals.push(next);
      output = this.#between(layer, next["hidden"]!);
    }
    return [output, this.#together(finals)];
  }

  /** A state of zeros. */
  zeroState(batch: number): State {
    const places = this.layers * (this.bidirectional ? 2 : 1);
    return this.#map((width) => zeros([places, batch, width]));
  }

  #run(place: number, x: Tensor, state: State, lengths: Tensor | undefined): readonly [Tensor, State] {
    const weights = this.#stepWeights(place);
    const projected = this.#projected(place, x); // what depends on the input alone is one large product, outside the loop
    const reverse = this.bidirectional && place % 2 === 1;
    if (lengths === undefined) {
      const [last, outputs] = scan(
        (carry, input) => {
          const next = this.advance(input, carry as unknown as State, weights);
          return [next, next["hidden"]!];
        },
        state,
        projected,
        { reverse },
      );
      return [outputs as Tensor, last as unknown as State];
    }
    const within = (step: Tensor): Tensor => reshape(less(step, lengths), [x.shape[1]!, 1]);
    const [last, outputs] = scan(
      (carry, { input, step }) => {
        const before = carry as unknown as State;
        const [next, counts] = [this.advance(input, before, weights), within(step)];
        return [
          Object.fromEntries(Object.entries(next).map(([part, value]) => [part, where(counts, value, before[part]!)])),
          where(counts, next["hidden"]!, 0),
        ];
      },
      state,
      { input: projected, step: iota(x.shape[0]!) },
      { reverse },
    );
    return [outputs as Tensor, last as unknown as State];
  }

  #projected(place: number, x: Tensor): Tensor {
    const { input, inputBias, recurrentBias } = this.#weights[place]!;
    const product = matmul(x, transpose(input));
    if (inputBias === undefined) return product;
    return add(product, this.shape.biasInside === true ? inputBias : add(inputBias, recurrentBias!));
  }

  #stepWeights(place: number): StepWeights {
    const { recurrent, recurrentBias, projection, peephole } = this.#weights[place]!;
    return {
      recurrent: transpose(recurrent),
      recurrentBias: recurrentBias?.read(),
      projection: projection && transpose(projection),
      peephole: peephole?.read(),
    };
  }

  #directions(layer: number): readonly number[] {
    return this.bidirectional ? [2 * layer, 2 * layer + 1] : [layer];
  }

  #between(layer: number, output: Tensor): Tensor {
    return this.dropout === undefined || layer === this.layers - 1 ? output : this.dropout.forward(output);
  }

  #initial(state: State | undefined, place: number, batch: number): State {
    if (state === undefined) return this.#map((width) => zeros([batch, width]));
    const places = this.layers * (this.bidirectional ? 2 : 1);
    return this.#map((width, part) => {
      const given = state[part];
      if (given === undefined || showShape(given.shape) !== showShape([places, batch, width])) {
        throw new ShapeError(
          `${this.constructor.name}: the state's ${part} is ${given === undefined ? "missing" : showShape(given.shape)} but must be [layers · directions, batch, features], here ${showShape([places, batch, width])}`,
        );
      }
      return reshape(slice(given, [[place, place + 1]]), [batch, width]);
    });
  }

  #together(states: readonly State[]): State {
    return this.#map((_width, part) => stack(states.map((state) => state[part]!)));
  }

  #map(make: (width: number, part: string) => Tensor): State {
    return Object.fromEntries(
      Object.entries<number>(this.widths()).map(([part, width]) => [part, make(width, part)]),
    ) as unknown as State;
  }

  #check(x: Tensor, rank: number, wanted: string): void {
    if (x.rank !== rank || x.shape.at(-1) !== this.shape.inputs)
      throw new ShapeError(
        `${this.constructor.name}: x is ${showShape(x.shape)} but must be ${wanted} with ${this.shape.inputs} inputs`,
      );
  }
}

/** The initial value of a part, such as `bias_ih`; uniform within 1/√hidden unless a layer says otherwise. */
export type Start = (part: string, shape: readonly number[], random: RandomStream) => Tensor;
