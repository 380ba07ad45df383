/** The common parent of every error that Ansatz throws on purpose: what is wrong, where, and how to mend it. */
export class AnsatzError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Shapes that do not fit together, or an axis that does not exist. */
export class ShapeError extends AnsatzError {}

/** A dtype that an op or a backend does not take. */
export class DTypeError extends AnsatzError {}

/** A gradient that does not exist. */
export class GradientError extends AnsatzError {}

/** A value recorded on a cell that has since been overwritten. */
export class StaleReadError extends AnsatzError {}

/** A tensor read after it was disposed. */
export class DisposedError extends AnsatzError {}

/** Something that a backend cannot do. */
export class BackendError extends AnsatzError {}

/** A module's or optimizer's saved state that does not fit. */
export class StateError extends AnsatzError {}

/** A setting that makes no sense. */
export class ArgumentError extends AnsatzError {}

const warned = new Set<string>();

/** Writes a warning once for each `topic`. */
export function warnOnce(topic: string, message: string): void {
  if (warned.has(topic)) return;
  warned.add(topic);
  console.warn(`Ansatz: ${message}`);
}

/** The known name nearest to a misspelled one, when it is near enough to suggest. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance between two words. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
