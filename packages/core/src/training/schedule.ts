/**
 * A setting that changes with the step: a learning rate, a weight decay. Steps count from 0, as in PyTorch: the first
 * update uses `schedule(0)`.
 */
export type Schedule = (step: number) => number;
