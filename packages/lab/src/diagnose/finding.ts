/** A problem in a training run, and what to try first. */
export interface Finding {
  readonly step: number;
  readonly kind: FindingKind;
  /** The part of the model, by its path. */
  readonly where?: string;
  readonly message: string;
  readonly advice: string;
}

export type FindingKind =
  | "not finite"
  | "exploding gradient"
  | "vanishing gradient"
  | "dead units"
  | "saturated units"
  | "overfitting"
  | "stuck loss";

/** A finding of a check, before the step is added. */
export type Found = Omit<Finding, "step">;
