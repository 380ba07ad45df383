import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Closes a test run with one line that people and machines read alike: `N passed, N failed`. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    // An error outside every test (a file that cannot be imported, a promise nobody awaited) is a failure too.
    let failed = unhandled.length;
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed++;
        if (state === "failed") failed++;
      }
    }
    // Written at exit, so that no other reporter's output follows it.
    process.once("exit", () => console.log(`${passed} passed, ${failed} failed`));
  }
}
