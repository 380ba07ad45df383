import { cpu } from "@ansatz/backend-cpu";
import { testBackend } from "@ansatz/testkit";
import { wasm } from "./index.ts";

testBackend(wasm, { oracle: cpu });
