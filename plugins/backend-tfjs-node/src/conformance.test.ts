import { cpu } from "@ansatz/backend-cpu";
import { testBackend } from "@ansatz/testkit";
import { tfjsNode } from "./index.ts";

testBackend(tfjsNode, { oracle: cpu });
