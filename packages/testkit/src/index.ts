export { checkGradient, type GradientCheckOptions, type Point } from "./check-gradient.ts";
export { testBackend, type CreateBackend, type TestBackendOptions } from "./test-backend.ts";
