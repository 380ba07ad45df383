/** Something that goes wrong in a training run, and what to try first. */
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
  | "over-fitting"
  | "stuck loss";

/** A finding as a check makes it, before it is known at which step. */
export type Found = Omit<Finding, "step">;
