import { cpu } from "@ansatz/backend-cpu";
import { testBackend } from "@ansatz/testkit";
import { tfjsNode } from "./index.ts";
import { withNativePart } from "./testing.ts";

withNativePart(() => testBackend(tfjsNode, { oracle: cpu }));
