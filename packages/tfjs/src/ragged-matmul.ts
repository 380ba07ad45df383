import { checkSizes } from "@ansatz/kernels";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { kernelOf, type Prepare } from "./prepare.ts";
import { several } from "./several.ts";
import type { TfjsEngine } from "./tfjs-engine.ts";

/** Products of groups of rows: one product for each group that has rows. */
export const raggedProducts: Readonly<Record<string, Prepare>> = {
  raggedMatmul: (node, [x], engine) => {
    if (node.dtype !== "float32") return undefined;
    const [[rows, inner], columns] = [x!.shape as [number, number], node.shape[1]!];
    const { slice, reshape, multiply, join } = kernelsOf(engine);
    return ([values, matrices, sizes]) =>
      several(engine, (own) => {
        const groups = groupsOf(engine, node.op, sizes!, rows);
        const products = groups.map(({ group, start, size }) => {
          const part = own(slice({ x: values! }, { begin: [start, 0], size: [size, inner] }));
          const a = own(reshape({ x: part }, { shape: [1, size, inner] }));
          const b = own(slice({ x: matrices! }, { begin: [group, 0, 0], size: [1, inner, columns] }));
          const product = own(multiply({ a, b }, { transposeA: false, transposeB: false }));
          return own(reshape({ x: product }, { shape: [size, columns] }));
        });
        const rest = rows - groups.reduce((total, { size }) => total + size, 0);
        if (rest > 0) products.push(own(engine.write(new Float32Array(rest * columns), [rest, columns], "float32")));
        return join(products);
      });
  },
  raggedContraction: (node, [a], engine) => {
    if (node.dtype !== "float32") return undefined;
    const [groups, inner, columns] = node.shape as [number, number, number];
    const rows = a!.shape[0]!;
    const { slice, reshape, multiply, join } = kernelsOf(engine);
    return ([left, right, sizes]) =>
      several(engine, (own) => {
        const filled = new Map(groupsOf(engine, node.op, sizes!, rows).map((own) => [own.group, own]));
        const products = Array.from({ length: groups }, (_, group) => {
          const { start, size } = filled.get(group) ?? { start: 0, size: 0 };
          if (size === 0) return own(engine.write(new Float32Array(inner * columns), [1, inner, columns], "float32"));
          const part = (x: TensorInfo, width: number) => {
            const rowsOfGroup = own(slice({ x }, { begin: [start, 0], size: [size, width] }));
            return own(reshape({ x: rowsOfGroup }, { shape: [1, size, width] }));
          };
          const [a, b] = [part(left!, inner), part(right!, columns)];
          return own(multiply({ a, b }, { transposeA: true, transposeB: false }));
        });
        return join(products);
      });
  },
};

function kernelsOf(engine: TfjsEngine) {
  const [reshape, concat] = [kernelOf(engine, "Reshape"), kernelOf(engine, "Concat")];
  return {
    slice: kernelOf(engine, "Slice"),
    reshape,
    multiply: kernelOf(engine, "BatchMatMul"),
    // TensorFlow refuses to join a single tensor.
    join: (parts: readonly TensorInfo[]) =>
      parts.length === 1 ? reshape({ x: parts[0]! }, { shape: parts[0]!.shape }) : concat(parts, { axis: 0 }),
  };
}

/** The groups that have rows. The sizes are read on the host. */
function groupsOf(engine: TfjsEngine, op: string, tensor: TensorInfo, rows: number) {
  const sizes = (engine.view(tensor) as Int32Array).slice();
  checkSizes(op, sizes, rows);
  let start = 0;
  return Array.from(sizes, (size, group) => {
    start += size;
    return { group, size, start: start - size };
  }).filter(({ size }) => size > 0);
}
