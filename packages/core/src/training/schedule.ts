/** A setting that changes with the step, counted from 1: a learning rate, a weight decay. */
export type Schedule = (step: number) => number;
