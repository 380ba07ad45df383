export { checkGradient, type GradientCheckOptions, type GradientPoint } from "./check-gradient.ts";
export type { CreateBackend } from "./subjects.ts";
export { testBackend, type TestBackendOptions } from "./test-backend.ts";
export { testModule, type Forward, type TestModuleOptions } from "./test-module.ts";
export { testUpdateRule, type TestUpdateRuleOptions } from "./test-update-rule.ts";
