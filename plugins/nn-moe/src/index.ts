export { balancingLoss, routerZLoss } from "./losses.ts";
export {
  mixtureOfExperts,
  MixtureOfExperts,
  type MixtureOfExpertsOptions,
  type Routing,
} from "./mixture-of-experts.ts";
export { auxiliaryLoss, routingOf } from "./routing.ts";
