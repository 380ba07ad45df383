export { onnx, type OnnxOptions } from "./onnx.ts";
export { toOnnx, type OnnxExportOptions } from "./export.ts";
