import type { Division } from "./division.ts";

/** A decoder-only Transformer, and the batch of a step. */
export interface PlannedModel {
  readonly parameters: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Tokens of a sequence. */
  readonly context: number;
  /** Sequences of a step, over all devices. */
  readonly batch: number;
  /** Sequences that a device computes at a time. */
  readonly microBatch: number;
  /** Whether a layer's activations are computed again in the backward pass. */
  readonly recompute: boolean;
  /** Bytes of each number: activations, weights and gradients, and what the optimizer keeps for each parameter. */
  readonly bytes: Bytes;
}

interface Bytes {
  readonly activation: number;
  readonly weight: number;
  readonly gradient: number;
  /** A gradient as it is sent. */
  readonly sent: number;
  readonly state: number;
  /** Read and written by an update, for each parameter. */
  readonly touched: number;
}

/** Adam in float32, as here, or with weights and gradients of 16 bits and a copy of the weights in float32. */
export const precisions: Readonly<Record<"float32" | "mixed", Bytes>> = {
  float32: { activation: 4, weight: 4, gradient: 4, sent: 4, state: 8, touched: 28 },
  mixed: { activation: 2, weight: 2, gradient: 2, sent: 2, state: 12, touched: 28 },
};

/** What devices and the links between them reach in practice, in SI units. */
export interface PlannedMachine {
  /** Floating-point operations a second of one device. */
  readonly flops: number;
  /** Bytes of one device. */
  readonly memory: number;
  /** Bytes a second that one device reads and writes. */
  readonly memoryBandwidth: number;
  /** Devices of one machine. */
  readonly perMachine: number;
  /** Bytes a second that one device sends to others in its machine, and in other machines. */
  readonly bandwidthWithin: number;
  readonly bandwidth: number;
  /** Seconds until a message arrives. */
  readonly latency: number;
  /** The part of the exchange of gradients that is hidden behind the backward pass. */
  readonly overlap: number;
}

/** A training step as the model predicts it. */
export interface Prediction {
  /** Seconds of a step, and of its parts. */
  readonly seconds: number;
  readonly compute: number;
  /** Devices wait for the first and the last micro-batch. */
  readonly bubble: number;
  readonly gradientExchange: number;
  readonly activationExchange: number;
  readonly update: number;
  /** Bytes of the fullest device, and of its parts. */
  readonly memory: number;
  readonly weightsAndGradients: number;
  readonly optimizerState: number;
  readonly activations: number;
  readonly fits: boolean;
  readonly tokensPerSecond: number;
  /** The part of the devices' operations that the model needs. */
  readonly utilization: number;
}

/**
 * Predicts the time and the memory of a training step. The page docs/parallel.md has the equations and their sources.
 */
export function predict(model: PlannedModel, machine: PlannedMachine, division: Division): Prediction {
  const { layers, width, context, batch, bytes, recompute } = model;
  const { data, tensor, pipeline, sharded } = division;
  const microBatch = Math.min(model.microBatch, batch / data);
  const microBatches = Math.ceil(batch / data / microBatch);
  const stageLayers = Math.ceil(layers / pipeline);
  const ownParameters = ((model.parameters / tensor) * stageLayers) / layers;
  const within = (devices: number) => (devices <= machine.perMachine ? machine.bandwidthWithin : machine.bandwidth);

  const perToken = 6 * model.parameters + 12 * layers * width * context;
  const flops = perToken * batch * context;
  const compute = ((flops / data / tensor) * (stageLayers / layers) * (recompute ? 4 / 3 : 1)) / machine.flops;
  const bubble = (compute * (pipeline - 1)) / microBatches;

  const activationBytes = microBatch * context * width * bytes.activation;
  const allReduce = (devices: number, size: number, bandwidth: number) =>
    devices === 1 ? 0 : ((2 * (devices - 1)) / devices) * (size / bandwidth) + 2 * (devices - 1) * machine.latency;
  const tensorExchange =
    microBatches * stageLayers * (recompute ? 6 : 4) * allReduce(tensor, activationBytes, machine.bandwidthWithin);
  const stageExchange =
    pipeline === 1 ? 0 : 2 * microBatches * (activationBytes / within(tensor * data * pipeline) + machine.latency);
  const activationExchange = tensorExchange + stageExchange;
  const gradients = allReduce(data, ownParameters * bytes.sent, within(tensor * data));
  const gradientExchange = gradients * (1 - machine.overlap);
  const updated = sharded ? ownParameters / data : ownParameters;
  const update = (updated * bytes.touched) / machine.memoryBandwidth;
  const seconds = compute + bubble + activationExchange + gradientExchange + update;

  const weightsAndGradients = ownParameters * (bytes.weight + bytes.gradient);
  const optimizerState = updated * bytes.state;
  const activations = activationsOf(model, { microBatch, microBatches, stageLayers, tensor, pipeline });
  const memory = weightsAndGradients + optimizerState + activations;
  const devices = data * tensor * pipeline;
  return {
    seconds,
    compute,
    bubble,
    gradientExchange,
    activationExchange,
    update,
    memory,
    weightsAndGradients,
    optimizerState,
    activations,
    fits: memory <= machine.memory,
    tokensPerSecond: (batch * context) / seconds,
    utilization: flops / (devices * machine.flops * seconds),
  };
}

/** What is kept for the backward pass: of 16-bit numbers, s b h (10 + 24 / t + 5 a s / (h t)) bytes a layer. */
function activationsOf(
  { width, heads, context, recompute, bytes }: PlannedModel,
  stage: {
    readonly microBatch: number;
    readonly microBatches: number;
    readonly stageLayers: number;
    readonly tensor: number;
    readonly pipeline: number;
  },
): number {
  const { microBatch, microBatches, stageLayers, tensor, pipeline } = stage;
  const tokens = microBatch * context * width;
  const ofLayer = tokens * (10 + 24 / tensor + (5 * heads * context) / width / tensor) * (bytes.activation / 2);
  const inFlight = Math.min(pipeline, microBatches); // the first stage waits for so many backward passes
  return recompute ? inFlight * stageLayers * tokens * bytes.activation + ofLayer : inFlight * stageLayers * ofLayer;
}
