export { onnx, type OnnxOptions } from "./backend.ts";
export { toOnnx, type OnnxExportOptions } from "./export.ts";
