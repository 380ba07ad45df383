import { ArgumentError, type Group, type Module, type Settings } from "@ansatz/core";
import { nearest, type AnyUpdateRule } from "@ansatz/core/plugin";

/**
 * Parameter groups for an optimizer, one for each part of a model, with their own settings and schedules, as in
 * discriminative fine-tuning (Howard & Ruder 2018, arXiv:1801.06146).
 *
 * A part is named by its path and stands for every parameter in it. If two parts contain a parameter, the longer path
 * counts.
 *
 * @throws ArgumentError for a part that the model does not have
 * @example moduleGroups(new Linear(1, 1), { bias: { learningRate: 0.1 } }).length  // 1
 */
export function moduleGroups<Rule extends AnyUpdateRule>(
  model: Module,
  settings: Readonly<Record<string, Settings<Rule>>>,
): Group<Rule>[] {
  const names = [...model.namedParameters().keys()];
  const holds = (part: string, name: string) => name === part || name.startsWith(`${part}.`);
  for (const part of Object.keys(settings)) {
    if (names.some((name) => holds(part, name))) continue;
    const guess = nearest(
      part,
      new Set(names.flatMap((name) => name.split(".").map((_, i, path) => path.slice(0, i + 1).join(".")))),
    );
    throw new ArgumentError(
      `moduleGroups: the model has no parameters in "${part}"\n` +
        `  ${guess === undefined ? `its parameters are ${names.join(", ")}` : `did you mean "${guess}"?`}`,
    );
  }
  return Object.entries(settings)
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([part, own]) => ({ ...own, where: (name: string) => holds(part, name) }));
}
