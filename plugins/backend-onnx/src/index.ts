export { onnx, type OnnxOptions } from "./backend.ts";
