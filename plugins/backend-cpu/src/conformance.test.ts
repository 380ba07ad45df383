import { testBackend } from "@ansatz/testkit";
import { cpu } from "./index.ts";

testBackend(cpu);
