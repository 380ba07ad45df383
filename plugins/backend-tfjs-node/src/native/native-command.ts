/**
 * The command that builds the native part, given the address of a module of this package. In the package's own
 * repository it is a script of the workspace. Elsewhere it is the command of the installed package, which
 * `npx --no` takes from the project and never from a registry.
 */
export function nativeCommand(module: string): string {
  return module.endsWith(".ts") ? "npx pnpm@10 tfjs-native" : "npx --no ansatz-tfjs-native";
}
