/** What distinguishes one kind of plugin from another. */
export interface PluginKind {
  /** What it is called in a sentence. */
  readonly noun: string;
  readonly keywords: readonly string[];
  /** The packages of Ansatz that it needs at run time, besides core. */
  readonly dependencies: readonly string[];
  /** The packages of Ansatz that only its tests need. */
  readonly devDependencies: readonly string[];
  /** Ten lines of use. `name` is the part after the kind; `packageName` is what is imported. */
  readonly usage: (name: string, packageName: string) => string;
  readonly source: (name: string) => string;
  readonly test: (name: string) => string;
}
