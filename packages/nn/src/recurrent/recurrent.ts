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
  type StateDict,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { Dropout } from "../regularization/dropout.ts";
import type { PyTorchLayout } from "../pytorch-state.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

/** The state that is carried from step to step. Each part is [layers · directions, batch, features]. */
export type RecurrentState = { readonly hidden: Tensor };

export interface RecurrentOptions {
  /** How many layers are stacked, each reading the outputs of the one below. Default: 1. */
  readonly layers?: number;
  /** Also read the sequence backwards, and concatenate both outputs. Default: false. */
  readonly bidirectional?: boolean;
  /** The probability of dropping an output between layers. Default: 0. */
  readonly dropout?: number;
  /** Default: true. */
  readonly bias?: boolean;
  readonly random?: RandomSource;
}

export interface RecurrentForwardOptions {
  /** The length of each sequence, [batch] of int32. After it the outputs are 0 and the state stays. */
  readonly lengths?: Tensor;
}

/** The sizes of a recurrent cell. */
export interface CellShape {
  readonly inputs: number;
  readonly hidden: number;
  /** How many gates are stacked in each weight. */
  readonly gates: number;
  /** Whether the recurrent bias is added inside each step instead of once for all steps. */
  readonly biasInside?: boolean;
  /** The width of the output, if it is projected. */
  readonly projection?: number | undefined;
  /** How many gates see the memory of the cell. */
  readonly peepholes?: number;
}

/** The weights of one layer in one direction. */
export type DirectionWeights = {
  readonly weightInput: Parameter; // W  [gates · hidden, inputs]
  readonly weightRecurrent: Parameter; // U  [gates · hidden, outputs]
  readonly biasInput?: Parameter; // [gates · hidden]
  readonly biasRecurrent?: Parameter; // [gates · hidden]
  readonly projection?: Parameter; // [projection, hidden]
  readonly peephole?: Parameter; // [peepholes, hidden]
};

/** The weights of one layer; `backward` only if it reads in both directions. */
export type LayerWeights = { readonly forward: DirectionWeights; readonly backward?: DirectionWeights };

/** The names of the weights in PyTorch, which appends the layer and the direction, as in `weight_ih_l0_reverse`. */
const pyTorchNames: Readonly<Record<keyof DirectionWeights, string>> = {
  weightInput: "weight_ih",
  weightRecurrent: "weight_hh",
  biasInput: "bias_ih",
  biasRecurrent: "bias_hh",
  projection: "weight_hr",
  peephole: "weight_peephole", // PyTorch has no peepholes
};

/** The weights as a step uses them. */
export interface StepWeights {
  readonly recurrent: Tensor; // Uᵀ  [output, gates · hidden]
  readonly biasRecurrent?: Tensor | undefined;
  readonly projection?: Tensor | undefined; // [hidden, projection]
  readonly peephole?: Tensor | undefined;
}

/**
 * The common part of recurrent layers: stacking, directions, dropout between layers, lengths, and states in and out.
 * One `scan` runs each layer and direction.
 */
export abstract class Recurrent<State extends Readonly<Record<string, Tensor>>>
  extends Module
  implements PyTorchLayout
{
  readonly shape: CellShape;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly dropout: Dropout | undefined;
  /** The weights of each layer, such as `weights[0].forward.weightInput`. */
  readonly weights: readonly [LayerWeights, ...LayerWeights[]];

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
    const initial: Start = start ?? ((_name, lengths) => uniform(random.next(), lengths, { low: -bound, high: bound }));
    this.shape = shape;
    this.layers = layers;
    this.bidirectional = bidirectional;
    const output = shape.projection ?? shape.hidden;
    const stacked = shape.gates * shape.hidden;
    const direction = (layer: number): DirectionWeights => {
      const make = (name: keyof DirectionWeights, lengths: readonly number[]): Parameter =>
        parameter(initial(name, lengths, random));
      return {
        weightInput: make("weightInput", [stacked, layer === 0 ? shape.inputs : output * (bidirectional ? 2 : 1)]),
        weightRecurrent: make("weightRecurrent", [stacked, output]),
        ...(bias && {
          biasInput: make("biasInput", [stacked]),
          biasRecurrent: make("biasRecurrent", [stacked]),
        }),
        ...(shape.projection !== undefined && { projection: make("projection", [output, shape.hidden]) }),
        ...(shape.peepholes !== undefined && { peephole: make("peephole", [shape.peepholes, shape.hidden]) }),
      };
    };
    this.weights = Array.from({ length: layers }, (_, layer) => ({
      forward: direction(layer),
      ...(bidirectional && { backward: direction(layer) }),
    })) as unknown as readonly [LayerWeights, ...LayerWeights[]];
    this.dropout = dropout === 0 ? undefined : new Dropout(dropout, { random });
  }

  /** The width of each part of the state. The output of a step is the part `hidden`. */
  protected abstract widths(): Readonly<Record<keyof State, number>>;

  /** One step of one layer: from W x + b and the state to the next state. */
  protected abstract advance(input: Tensor, state: State, weights: StepWeights): State;

  /** The outputs of the last layer at every step, and the last state. */
  forward(x: Tensor, state?: State, options: RecurrentForwardOptions = {}): readonly [Tensor, State] {
    // [time, batch, inputs] -> [time, batch, outputs]
    this.#check(x, 3, "[time, batch, inputs]");
    const finals: State[] = [];
    let sequence = x;
    for (let layer = 0; layer < this.layers; layer++) {
      const outputs = this.#directions(layer).map((place) => {
        const [output, last] = this.#run(place, sequence, state, options.lengths);
        finals.push(last);
        return output;
      });
      sequence = this.#between(layer, outputs.length === 1 ? outputs[0]! : concat(outputs, -1));
    }
    return [sequence, this.#together(finals)];
  }

  /**
   * One step of all layers, for a decoder that reads its own outputs.
   * @throws ArgumentError for a bidirectional layer
   */
  step(x: Tensor, state?: State): readonly [Tensor, State] {
    // [batch, inputs] -> [batch, outputs]
    if (this.bidirectional)
      throw new ArgumentError(
        `${this.constructor.name}: a bidirectional layer cannot read step by step\n  use forward`,
      );
    this.#check(x, 2, "[batch, inputs]");
    const finals: State[] = [];
    let output = x;
    for (let layer = 0; layer < this.layers; layer++) {
      const input = this.#projected(layer, output);
      const next = this.advance(input, this.#initial(state, layer, input), this.#stepWeights(layer));
      finals.push(next);
      output = this.#between(layer, next["hidden"]!);
    }
    return [output, this.#together(finals)];
  }

  /** A state of zeros, of the dtype of the weights. */
  zeroState(batch: number): State {
    const places = this.layers * (this.bidirectional ? 2 : 1);
    const { dtype } = this.weights[0].forward.weightInput;
    return this.#map((width) => zeros([places, batch, width], { dtype }));
  }

  #run(place: number, x: Tensor, given: State | undefined, lengths: Tensor | undefined): readonly [Tensor, State] {
    const weights = this.#stepWeights(place);
    const projected = this.#projected(place, x); // one large product outside the loop: it needs the input alone
    const state = this.#initial(given, place, projected);
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
    const { weightInput, biasInput, biasRecurrent } = this.#weightsAt(place);
    const product = matmul(x, transpose(weightInput));
    if (biasInput === undefined) return product;
    return add(product, this.shape.biasInside === true ? biasInput : add(biasInput, biasRecurrent!));
  }

  #stepWeights(place: number): StepWeights {
    const { weightRecurrent, biasRecurrent, projection, peephole } = this.#weightsAt(place);
    return {
      recurrent: transpose(weightRecurrent),
      biasRecurrent: biasRecurrent?.read(),
      projection: projection && transpose(projection),
      peephole: peephole?.read(),
    };
  }

  #weightsAt(place: number): DirectionWeights {
    if (!this.bidirectional) return this.weights[place]!.forward;
    const layer = this.weights[Math.floor(place / 2)]!;
    return place % 2 === 0 ? layer.forward : layer.backward!;
  }

  #directions(layer: number): readonly number[] {
    return this.bidirectional ? [2 * layer, 2 * layer + 1] : [layer];
  }

  #between(layer: number, output: Tensor): Tensor {
    return this.dropout === undefined || layer === this.layers - 1 ? output : this.dropout.forward(output);
  }

  /** The state of one layer before its first step, for projected inputs [..., batch, gates · hidden]. */
  #initial(state: State | undefined, place: number, projected: Tensor): State {
    const [batch, { dtype }] = [projected.shape.at(-2)!, projected];
    if (state === undefined) return this.#map((width) => zeros([batch, width], { dtype }));
    const places = this.layers * (this.bidirectional ? 2 : 1);
    return this.#map((width, part) => {
      const given = state[part];
      if (given === undefined || showShape(given.shape) !== showShape([places, batch, width])) {
        throw new ShapeError(
          `${this.constructor.name}: the state's ${part} is ` +
            `${given === undefined ? "missing" : showShape(given.shape)} but must be ` +
            `[layers · directions, batch, features], here ${showShape([places, batch, width])}`,
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

  toPyTorch(state: StateDict): StateDict {
    return this.#renamed(state, (ours, theirs) => [ours, theirs]);
  }

  fromPyTorch(state: StateDict): StateDict {
    return this.#renamed(state, (ours, theirs) => [theirs, ours]);
  }

  #renamed(state: StateDict, pair: (ours: string, theirs: string) => readonly [from: string, to: string]): StateDict {
    const names = new Map(
      this.weights.flatMap((layer, index) =>
        Object.entries(layer).flatMap(([direction, own]) =>
          Object.keys(own).map((name) => {
            const suffix = `_l${index}${direction === "backward" ? "_reverse" : ""}`;
            const theirs = pyTorchNames[name as keyof DirectionWeights] + suffix;
            return pair(`weights.${index}.${direction}.${name}`, theirs);
          }),
        ),
      ),
    );
    return Object.fromEntries(Object.entries(state).map(([name, value]) => [names.get(name) ?? name, value]));
  }
}

/** Draws the initial value of a weight. Default: uniform within ±1/√hidden. */
export type Start = (name: keyof DirectionWeights, shape: readonly number[], random: RandomStream) => Tensor;
