export { indexUntilKilled } from "./index-until-killed.ts";
export { testDatabase, type CreateDatabase } from "./test-database.ts";
export { testKills, type TestKillsOptions } from "./test-kills.ts";
