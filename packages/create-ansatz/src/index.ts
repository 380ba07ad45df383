export { createExperiment, createPlugin, pluginKinds, type Created, type PluginKind } from "./create.ts";
export { CreateError } from "./create-error.ts";
export { startResearch, type PackageManager } from "./start.ts";
