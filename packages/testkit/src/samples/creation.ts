import { add, cast, iota } from "@ansatz/core";
import { between, floats, samplesOf, type OpSamples } from "../sample.ts";

/** Ops without inputs. Their results are added to an input, so that the op runs on the backend. */
export const creation: readonly OpSamples[] = [
  samplesOf(
    iota,
    { name: "integers", dtypes: ["int32"], inputs: [], call: () => iota(5), expected: () => [[0, 1, 2, 3, 4]] },
    {
      name: "floats, added to an input",
      inputs: [between(0, 1, [4])],
      dtypes: floats,
      call: (x) => add(x, iota(4, { dtype: x.dtype })),
      expected: (x) => [x.map((value, i) => value + i)],
    },
    {
      name: "uint32",
      dtypes: ["uint32"],
      inputs: [],
      call: () => iota(3, { dtype: "uint32" }),
      expected: () => [[0, 1, 2]],
    },
    { name: "empty", dtypes: ["int32"], inputs: [], call: () => iota(0), expected: () => [[]] },
    { name: "training size", dtypes: ["int32"], inputs: [], call: () => cast(iota(40_000), "float32"), training: true },
  ),
];
