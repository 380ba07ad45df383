/** Indexes until it is killed. index.test.ts runs it. */
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { indexUntilKilled } from "@ansatz/data-retrieval/testing";
import { lance } from "./index.ts";

const [place, first] = process.argv.slice(2) as [string, string];
await use(cpu());
await indexUntilKilled(() => lance(place), Number(first));
