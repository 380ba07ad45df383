import { cpu } from "@ansatz/backend-cpu";
import { testBackend } from "@ansatz/testkit";
import { onnx } from "./index.ts";

testBackend(onnx, { oracle: cpu });
