import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import type { AnyUpdateRule } from "@ansatz/core/plugin";
import { testUpdateRule, type TestUpdateRuleOptions } from "@ansatz/testkit";
import {
  accumulating,
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  amsgrad,
  amsgradw,
  asgd,
  centeredRmsprop,
  lamb,
  lookahead,
  muon,
  muonWith,
  nadam,
  nadamw,
  nesterov,
  radam,
  radamw,
  rmsprop,
  rprop,
  scheduleFree,
  sgd,
} from "./index.ts";

const rules: readonly (readonly [AnyUpdateRule, TestUpdateRuleOptions?])[] = [
  [accumulating(sgd)],
  [adadelta, { learningRate: 10 }],
  [adafactor, { learningRate: 0.1 }],
  [adagrad, { learningRate: 0.1 }],
  [adam],
  [adamax],
  [adamw],
  [amsgrad],
  [amsgradw],
  [asgd, { withoutDecay: { decay: 0, weightDecay: 0 } }],
  [centeredRmsprop],
  [lamb, { learningRate: 0.1 }],
  [lookahead(adamw)],
  [
    muon,
    {
      shapes: [
        [3, 4],
        [5, 2],
        [1, 6],
      ],
      learningRate: 0.05,
    },
  ],
  [
    muonWith({ adjustment: "matchRmsAdamw" }),
    {
      shapes: [
        [3, 4],
        [5, 2],
      ],
      learningRate: 0.05,
    },
  ],
  [nadam],
  [nadamw],
  [nesterov],
  [radam],
  [radamw],
  [rmsprop],
  [rprop],
  [scheduleFree],
  [sgd],
];

for (const [rule, options] of rules) {
  testUpdateRule(rule, cpu, options);
  testUpdateRule(rule, onnx, options);
}
