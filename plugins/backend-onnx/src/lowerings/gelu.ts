import { flagAttribute } from "@ansatz/core/plugin";
import { floats, type LoweringTable, on, operand, type Site } from "../model/lowering.ts";

const half = { alpha: { float: 0.5 }, beta: { float: 0.5 } };

/**
 * x / √2 and Φ(x) = ½ erf(x / √2) + ½. That is a hard sigmoid of erf, which takes one pass over memory instead of the
 * two of a product and a sum.
 */
function distribution({ onnx }: Site, x: string): { readonly scaled: string; readonly value: string } {
  const scaled = onnx.op("Mul", [x, onnx.scalar("float32", Math.SQRT1_2)]);
  return { scaled, value: onnx.op("HardSigmoid", [onnx.op("Erf", [scaled])], half) };
}

/**
 * Whether the graph also has a GELU gradient, with which Φ(x) can be shared. All GELUs of a graph are lowered the same
 * way, so that a checkpoint recomputes the same bits.
 */
function isDifferentiated({ graph }: Site): boolean {
  return graph.nodes.some(({ op }) => op === "geluGradient");
}

/**
 * g (Φ(x) + x φ(x)), with x φ(x) = x/√2 exp(ln(1/√π) − (x/√2)²): x itself is not kept for the backward pass.
 */
function exactGradient(site: Site, g: string, x: string): string {
  const { onnx } = site;
  const { scaled, value } = distribution(site, x);
  const exponent = onnx.op("Sub", [onnx.scalar("float32", -0.5 * Math.log(Math.PI)), onnx.op("Mul", [scaled, scaled])]);
  const slope = onnx.op("Add", [value, onnx.op("Mul", [scaled, onnx.op("Exp", [exponent])])]);
  return onnx.op("Mul", [g, slope]);
}

const scale = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** g · ½ (1 + t + x (1 − t²) u′), with t = tanh(u) and u = √(2/π) (x + 0.044715 x³). */
function approximateGradient({ onnx }: Site, g: string, x: string): string {
  const constant = (value: number): string => onnx.scalar("float32", value);
  const [mul, add] = [
    (a: string, b: string): string => onnx.op("Mul", [a, b]),
    (a: string, b: string): string => onnx.op("Add", [a, b]),
  ];
  const square = mul(x, x);
  const t = onnx.op("Tanh", [mul(x, add(constant(scale), mul(constant(scale * cubic), square)))]);
  const inner = add(constant(scale), mul(constant(3 * scale * cubic), square));
  const curve = mul(mul(x, inner), onnx.op("Sub", [constant(1), mul(t, t)]));
  return mul(g, mul(constant(0.5), add(add(constant(1), t), curve)));
}

/** GELU: onnxruntime's own op, or smaller ops if a gradient can share them. */
export const gelus: LoweringTable = {
  gelu: on(floats, (site) => {
    const x = operand(site, 0);
    if (flagAttribute(site.node, "approximate")) return site.onnx.op("Gelu", [x], { approximate: "tanh" });
    return isDifferentiated(site) ? site.onnx.op("Mul", [x, distribution(site, x).value]) : site.onnx.op("Gelu", [x]);
  }),
  geluGradient: on(floats, (site) => {
    const gradient = flagAttribute(site.node, "approximate") ? approximateGradient : exactGradient;
    return gradient(site, operand(site, 0), operand(site, 1));
  }),
};
