export { checkGradient, type GradientCheckOptions, type GradientPoint } from "./check-gradient.ts";
export { checkModuleGradients, type Forward, type ModuleGradientOptions } from "./check-module-gradients.ts";
export { onEachBackend } from "./each-backend.ts";
export { expectClose } from "./expect-close.ts";
export type { CreateBackend } from "./subjects.ts";
export { testBackend, type TestBackendOptions } from "./test-backend.ts";
export { testModule } from "./test-module.ts";
export { testUpdateRule, type TestUpdateRuleOptions } from "./test-update-rule.ts";
