import { BackendError, type DType } from "@ansatz/core";

/** @throws BackendError for float64, which only backend-cpu holds */
export function refuseFloat64(dtype: DType): void {
  if (dtype === "float64")
    throw new BackendError("onnx: only the cpu backend holds float64\n  cast to float32, or use the cpu backend");
}
