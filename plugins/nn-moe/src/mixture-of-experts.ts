import {
  add,
  ArgumentError,
  gelu,
  Module,
  mul,
  RandomStream,
  reshape,
  ShapeError,
  silu,
  softmax,
  uniform,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { FeedForward, GatedFeedForward, Linear, streamOf } from "@ansatz/nn";
import type { FeedForwardFactory, FeedForwardOptions } from "@ansatz/nn";
import type { Dispatch } from "./dispatch.ts";
import { chooseTokens } from "./expert-choice.ts";
import { Experts } from "./experts.ts";
import { balancingLoss, routerZLoss } from "./losses.ts";
import { chooseExperts } from "./token-choice.ts";

export interface MixtureOfExpertsOptions extends FeedForwardOptions {
  readonly experts: number;
  /** How many experts a token has; if experts choose, on average. Default: 1. */
  readonly perToken?: number;
  /**
   * Who chooses: each token its experts, or each expert its tokens. Experts compare all tokens of the batch, later ones
   * included, so that is not for models that write text. Default: "tokens".
   */
  readonly choice?: "tokens" | "experts";
  /**
   * The most tokens of an expert, as a multiple of an equal share; the others are dropped. Default: none are dropped,
   * or an equal share if experts choose.
   */
  readonly capacity?: number;
  /** The same in evaluation. Default: `capacity`. */
  readonly evaluationCapacity?: number;
  /** In training, the router's input is multiplied by numbers from U(1 − jitter, 1 + jitter). Default: 0. */
  readonly jitter?: number;
  /** Whether experts are gated, as `GatedFeedForward`; the activation is then `silu` by default. Default: false. */
  readonly gated?: boolean;
  /** The probability of dropping a hidden feature inside an expert. Default: `dropout`. */
  readonly expertDropout?: number;
  /** The hidden width of an expert that every token has beside its own. Default: there is none. */
  readonly shared?: number;
}

/** How the latest forward pass of a mixture assigned tokens to experts. */
export interface Routing {
  /** [tokens, experts] */
  readonly probabilities: Tensor;
  /** The share of all assignments that each expert was chosen for, before any is dropped. [experts] */
  readonly load: Tensor;
  /** The share of assignments that were dropped; if experts choose, that of tokens that no expert took. [] */
  readonly dropped: Tensor;
  readonly balancingLoss: Tensor; // []
  readonly zLoss: Tensor; // []
}

/**
 * A feed-forward layer of many networks, of which a router chooses few for each token: y = Σᵢ pᵢ(x) Eᵢ(x) over the
 * chosen experts i, with p = softmax(W x). Shazeer et al. 2017, arXiv:1701.06538; Fedus, Zoph & Shazeer 2021,
 * arXiv:2101.03961. Tokens are sorted by expert, so the cost is that of the chosen experts, and without a capacity no
 * token is dropped (Gale et al. 2022, arXiv:2211.15841).
 *
 * Add `auxiliaryLoss(model)` to the loss, or few experts will take all tokens.
 *
 * @throws ArgumentError for numbers that do not fit: experts, perToken, hidden, shared, capacity, jitter; and for a
 * choice that is neither; ShapeError, later, for an x of another width
 * @example new MixtureOfExperts(4, { experts: 2 }).forward(ones([3, 5, 4])).shape  // [3, 5, 4]
 */
export class MixtureOfExperts extends Module {
  readonly router: Linear;
  readonly experts: Experts;
  readonly sharedExpert: FeedForward | GatedFeedForward | undefined;
  readonly random: RandomStream;
  readonly options: MixtureOfExpertsOptions;
  #routing: Routing | undefined;

  constructor(width: number, options: MixtureOfExpertsOptions) {
    super();
    check(options);
    const { experts, gated = false, bias = !gated, dropout = 0, expertDropout = dropout, shared } = options;
    const { hidden = gated ? Math.ceil((8 * width) / 3) : 4 * width, activation = gated ? silu : gelu } = options;
    const { initializer, outputInitializer = initializer, random } = options;
    this.options = options;
    this.random = random instanceof RandomStream ? random.fork() : streamOf(random);
    const own = { hidden, activation, bias, random: this.random, initializer, outputInitializer };
    this.router = new Linear(width, experts, { bias: false, random: this.random });
    this.experts = new Experts(experts, width, { ...own, gated, dropout: expertDropout });
    const Shared = gated ? GatedFeedForward : FeedForward;
    this.sharedExpert =
      shared === undefined
        ? undefined
        : new Shared(width, { ...options, hidden: shared, activation, bias, random: this.random });
  }

  /** How the latest forward pass assigned tokens to experts; undefined before the first one. */
  get routing(): Routing | undefined {
    return this.#routing;
  }

  forward(x: Tensor): Tensor {
    // [..., width] -> the same
    const width = this.router.weight.shape[1]!;
    if (x.shape.at(-1) !== width)
      throw new ShapeError(`MixtureOfExperts: x is ${showShape(x.shape)} but must be [..., width], of width ${width}`);
    const tokens = reshape(x, [x.size / width, width]);
    const { jitter = 0 } = this.options;
    const noise = { low: 1 - jitter, high: 1 + jitter, dtype: x.dtype };
    const seen = this.training && jitter > 0 ? mul(tokens, uniform(this.random.next(), tokens.shape, noise)) : tokens;
    const logits = this.router.forward(seen); // [tokens, experts]
    const probabilities = softmax(logits);
    const { rows, sizes, load, dropped, combine } = this.#dispatch(tokens, probabilities);
    this.#routing = {
      probabilities,
      load,
      dropped,
      balancingLoss: balancingLoss(load, probabilities),
      zLoss: routerZLoss(logits),
    };
    const mixed = reshape(combine(this.experts.forward(rows, sizes)), x.shape);
    return this.sharedExpert === undefined ? mixed : add(mixed, this.sharedExpert.forward(x));
  }

  #dispatch(tokens: Tensor, probabilities: Tensor): Dispatch {
    const { experts, perToken = 1, choice = "tokens", capacity, evaluationCapacity = capacity } = this.options;
    const factor = (this.training ? capacity : evaluationCapacity) ?? (choice === "experts" ? 1 : undefined);
    const count = tokens.shape[0]!;
    const most = factor === undefined ? undefined : Math.min(count, Math.ceil((count * perToken * factor) / experts));
    return choice === "experts"
      ? chooseTokens(tokens, probabilities, most!)
      : chooseExperts(tokens, probabilities, perToken, most);
  }
}

/**
 * Experts as the `feedForward` of a Transformer block.
 *
 * @example const feedForward = mixtureOfExperts({ experts: 4 });
 * new TransformerBlock(8, { heads: 2, feedForward }).forward(ones([1, 3, 8])).shape // [1, 3, 8]
 */
export function mixtureOfExperts(options: MixtureOfExpertsOptions): FeedForwardFactory {
  const given = Object.entries(options).filter(([, value]) => value !== undefined); // the others are the block's
  const own = Object.fromEntries(given) as unknown as MixtureOfExpertsOptions;
  return (width, block) => new MixtureOfExperts(width, { ...block, ...own });
}

function check(options: MixtureOfExpertsOptions): void {
  const { experts, perToken = 1, choice = "tokens", jitter = 0, capacity, evaluationCapacity } = options;
  const refuse = (what: string, fix: string): never => {
    throw new ArgumentError(`MixtureOfExperts: ${what}\n  ${fix}`);
  };
  const { hidden = 1, shared = 1 } = options;
  for (const [name, size] of Object.entries({ experts, hidden, shared }))
    if (!Number.isInteger(size) || size < 1) refuse(`${name} is ${size}`, "use a whole number from 1");
  if (!Number.isInteger(perToken) || perToken < 1 || perToken > experts)
    refuse(`perToken is ${perToken}`, `use a whole number from 1 to ${experts}, the number of experts`);
  if (choice !== "tokens" && choice !== "experts") refuse(`choice is "${String(choice)}"`, 'use "tokens" or "experts"');
  if (!(jitter >= 0 && jitter < 1)) refuse(`jitter is ${jitter}`, "use a number from 0 to below 1");
  for (const [name, factor] of Object.entries({ capacity, evaluationCapacity }))
    if (factor !== undefined && !(factor > 0)) refuse(`${name} is ${factor}`, "use a number above 0, e.g. 1.25");
}
