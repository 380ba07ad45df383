import { call } from "../loop/call.ts";
import { Cell, isCell, type Parameter } from "../graph/cell.ts";
import { Closure } from "../graph/closure.ts";
import type { DType, TensorType } from "../contract/dtype.ts";
import { ArgumentError, GradientError, nearest, StateError } from "../contract/errors.ts";
import { input, leaf } from "../graph/leaf.ts";
import { checkState, type Module, type StateDict, type TensorData } from "./module.ts";
import { isModule } from "./module-tree.ts";
import type { Schedule } from "./schedule.ts";
import { isTensor, type Tensor } from "../graph/tensor.ts";
import { atEachRun } from "../graph/trace.ts";
import { leavesOf, type Tree } from "../graph/tree.ts";
import type { AnyUpdateRule, HyperOf } from "./update-rule.ts";

/** A number, or a schedule of numbers. */
export type NumberOrSchedule = number | Schedule;

/** Which parameters a group has: those for which this holds. The first group that takes a parameter has it. */
type Where = (name: string, parameter: Parameter) => boolean;

/** Settings for some parameters, instead of the optimizer's own. */
export type Group<Rule extends AnyUpdateRule> =
  (Settings<Rule> & { readonly where: Where; readonly rule?: never }) | RuledGroup;

/** Some parameters that another rule updates, with its settings; the learning rate defaults to the optimizer's. */
export interface RuledGroup {
  readonly where: Where;
  readonly rule: AnyUpdateRule;
  readonly [setting: string]: NumberOrSchedule | Where | AnyUpdateRule;
}

/** The learning rate and whatever hyper-parameters the rule has. */
export type Settings<Rule extends AnyUpdateRule> = {
  readonly [Name in "learningRate" | keyof HyperOf<Rule>]?: NumberOrSchedule;
};

export type OptimizerOptions<Rule extends AnyUpdateRule> = Settings<Rule> & {
  readonly learningRate: NumberOrSchedule;
  readonly groups?: readonly Group<Rule>[];
};

/** An optimizer's state, to save and load. */
export interface OptimizerState {
  readonly rule: string;
  readonly step: number;
  readonly state: StateDict;
}

interface Member {
  readonly name: string;
  readonly parameter: Parameter;
  readonly state: Readonly<Record<string, Cell>>;
  readonly group: number;
}

/** What is done with a rule: an update or an observation. */
type Apply = (
  rule: AnyUpdateRule,
  context: Record<string, Tensor>,
  value: Tensor,
) => Readonly<Record<string, Tensor | undefined>>;

/** A rule recorded once: what it computes, and of which parts of the state. */
interface TracedRule {
  readonly body: Closure;
  readonly names: readonly string[];
}

/**
 * Applies an update rule to parameters, with a state for each, groups with settings of their own, and schedules.
 *
 * Settings and the step count are inputs of the compiled step: changing them never compiles anything.
 *
 * @throws ArgumentError for an unknown setting or a parameter twice
 */
export class Optimizer<Rule extends AnyUpdateRule = AnyUpdateRule> {
  readonly rule: Rule;
  /** The settings of each group, the optimizer's own last; assign to change one. */
  readonly groups: Record<string, NumberOrSchedule>[];
  readonly #rules: readonly AnyUpdateRule[];
  /** The groups without a learning rate of their own. */
  readonly #sharing: readonly Record<string, NumberOrSchedule>[];
  readonly #members = new Map<Cell, Member>();
  readonly #traces = new Map<string, TracedRule>();
  #step = 0;

  constructor(
    parameters: Module | readonly Parameter[] | ReadonlyMap<string, Parameter>,
    rule: Rule,
    options: OptimizerOptions<Rule>,
  ) {
    this.rule = rule;
    const { groups = [], ...own } = options;
    const wheres = groups.map((group) => group.where);
    this.#rules = [...groups.map((group) => group.rule ?? rule), rule];
    for (const { name, spec } of this.#rules)
      if (spec !== 1)
        throw new ArgumentError(
          `Optimizer: ${name} has version ${String(spec)} of the rule contract, and this core has version 1`,
        );
    if (own.learningRate === undefined)
      throw new ArgumentError(
        `Optimizer: ${rule.name} has no learning rate\n  give one: { learningRate: 1e-3 }, or a schedule`,
      );
    const base = settingsOf(rule, own as Record<string, NumberOrSchedule>, rule.hyper);
    const grouped = groups.map(({ where: _where, rule: other, ...settings }) => {
      const defaults = other === undefined ? base : { learningRate: own.learningRate, ...other.hyper };
      return settingsOf(other ?? rule, settings as Record<string, NumberOrSchedule>, defaults);
    });
    this.groups = [...grouped, base];
    this.#sharing = this.groups.filter((_, i) => groups[i]?.learningRate === undefined);
    for (const [name, parameter] of named(parameters)) {
      if (this.#members.has(parameter)) throw new ArgumentError(`Optimizer: ${parameter.describe()} is given twice`);
      const found = wheres.findIndex((where) => where(name, parameter));
      const group = found < 0 ? groups.length : found;
      const initial = this.#rules[group]!.state(parameter.read());
      const state = Object.fromEntries(Object.entries(initial).map(([key, value]) => [key, new Cell(value)]));
      this.#members.set(parameter, { name, parameter, state, group });
    }
  }

  /** The number of updates so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * The optimizer's own learning rate, as of the latest update (or the first, before it). Setting it, to a number or a
   * schedule, changes every group that shares it.
   */
  get learningRate(): number {
    return valueOf(this.groups.at(-1)!.learningRate!, Math.max(1, this.#step));
  }

  set learningRate(next: NumberOrSchedule) {
    checkSetting("learningRate", next);
    for (const group of this.#sharing) group.learningRate = next;
  }

  /**
   * Records the next value of every parameter and of the rule's state; the next `realize` carries it out.
   *
   * @throws GradientError when a gradient is of no parameter of this optimizer, or one is missing
   */
  update(gradients: Tree): void {
    atEachRun(() => this.#step++);
    this.#apply("update", gradients, (rule, context, g) => rule.update({ ...context, g }));
  }

  /**
   * Feeds the rule something other than a gradient, such as Sophia's curvature. Groups with a rule that has no
   * `observe` stay as they are.
   *
   * @throws GradientError as `update`; ArgumentError when no rule has an `observe`
   */
  observe(observations: Tree): void {
    if (this.#rules.every((rule) => rule.observe === undefined))
      throw new ArgumentError(`observe: ${this.rule.name} takes gradients only`);
    this.#apply(
      "observe",
      observations,
      (rule, context, observation) => rule.observe?.({ ...context, observation }) ?? {},
    );
  }

  /**
   * What the rule keeps for a parameter, by the names of its state.
   * @throws ArgumentError when the parameter is not this optimizer's
   */
  stateOf(parameter: Parameter): Readonly<Record<string, Cell>> {
    const member = this.#members.get(parameter);
    if (member === undefined)
      throw new ArgumentError(`stateOf: ${parameter.describe()} isn't a parameter of this optimizer`);
    return member.state;
  }

  #apply(op: string, tree: Tree, apply: Apply): void {
    const values = this.#owned(op, tree);
    const inputs = new Map<string, readonly Tensor[]>();
    const scalarsOf = ({ group, parameter: { dtype } }: Member): readonly Tensor[] => {
      const key = `${group} ${dtype}`;
      const known = inputs.get(key) ?? this.#scalars(this.groups[group]!, dtype);
      inputs.set(key, known);
      return known;
    };
    const next: (readonly [Cell, Tensor])[] = [];
    for (const member of this.#members.values()) {
      const value = values.get(member.parameter);
      if (value === undefined || !member.parameter.trainable) continue; // frozen
      const { body, names } = this.#traced(op, member, value, apply);
      if (names.length === 0) continue;
      const cells = Object.values(member.state);
      const results = call(body, [
        member.parameter.read(),
        value,
        ...scalarsOf(member),
        ...cells.map((cell) => cell.read()),
      ]);
      for (const [i, name] of names.entries())
        next.push([name === "θ" ? member.parameter : member.state[name]!, results[i]!]);
    }
    for (const [cell, value] of next) cell.assign(value);
  }

  /** The step and a group's settings, as inputs of the step. */
  #scalars(group: Readonly<Record<string, NumberOrSchedule>>, dtype: DType): readonly Tensor[] {
    const step = input(() => this.#step, { dtype });
    return [step, ...Object.keys(group).map((name) => input(() => valueOf(group[name]!, this.#step), { dtype }))];
  }

  /** The rule for parameters of one type, traced on the first of them. */
  #traced(op: string, { parameter, state, group }: Member, value: Tensor, apply: Apply): TracedRule {
    const key = `${op} ${group} ${parameter.dtype} ${parameter.shape.join()}`;
    const known = this.#traces.get(key);
    if (known !== undefined) return known;
    const stands = ({ shape, dtype }: TensorType) => leaf(shape, dtype);
    const θ = stands(parameter);
    const given = stands(value);
    const scalars = ["step", ...Object.keys(this.groups[group]!)].map(
      (name) => [name, leaf([], parameter.dtype)] as const,
    );
    const moments = Object.entries(state).map(([name, cell]) => [name, stands(cell)] as const);
    const rule = this.#rules[group]!;
    const results = Object.entries(apply(rule, { ...Object.fromEntries([...scalars, ...moments]), θ }, given)).flatMap(
      ([name, next]) => (next === undefined ? [] : [[name, next] as const]),
    );
    const unknown = results.find(([name]) => name !== "θ" && state[name] === undefined);
    if (unknown !== undefined)
      throw new ArgumentError(`${rule.name}: it returns "${unknown[0]}", which isn't part of its state`);
    const placeholders = [θ, given, ...scalars.map(([, scalar]) => scalar), ...moments.map(([, moment]) => moment)];
    const trace = {
      body: new Closure(
        placeholders,
        results.map(([, next]) => next),
      ),
      names: results.map(([name]) => name),
    };
    this.#traces.set(key, trace);
    return trace;
  }

  #owned(op: string, tree: Tree): Map<Cell, Tensor> {
    const values = new Map<Cell, Tensor>();
    for (const gradient of leavesOf(tree)) {
      const owner = isTensor(gradient) ? gradient.node.gradientOf : undefined;
      if (owner === undefined || isCell(gradient))
        throw new GradientError(
          `${op}: this tensor isn't the gradient of a parameter\n` +
            "  pass the result of grad(loss, model.parameters()); change gradients with mapGradients",
        );
      if (!this.#members.has(owner))
        throw new GradientError(
          `${op}: ${owner.describe()} isn't a parameter of this optimizer\n` +
            "  build the optimizer over the model that the gradient was taken of",
        );
      values.set(owner, gradient);
    }
    const missing = [...this.#members.values()]
      .filter(({ parameter }) => parameter.trainable && !values.has(parameter))
      .map(({ name }) => name);
    if (missing.length > 0)
      throw new GradientError(
        `${op}: there is no gradient for ${missing.join(", ")}\n` +
          "  take gradients of all its parameters, or leave these out of the optimizer",
      );
    return values;
  }

  /** A copy of its state on the host. */
  async stateDict(): Promise<OptimizerState> {
    const state: Record<string, TensorData> = {};
    for (const [name, cell] of this.#cells())
      state[name] = { shape: cell.shape, dtype: cell.dtype, data: await cell.data() };
    return { rule: this.rule.name, step: this.#step, state };
  }

  /** Resumes from a saved state. @throws StateError when it does not fit */
  loadStateDict(saved: OptimizerState): void {
    if (saved.rule !== this.rule.name)
      throw new StateError(`loadStateDict: the state is of ${saved.rule}, but this optimizer runs ${this.rule.name}`);
    if (!Number.isInteger(saved.step) || saved.step < 0)
      throw new StateError(`loadStateDict: the step is ${String(saved.step)}, not a whole number`);
    const cells = this.#cells();
    checkState("loadStateDict", saved.state, cells);
    for (const [name, cell] of cells) cell.load(saved.state[name]!.data.slice());
    this.#step = saved.step;
  }

  #cells(): Map<string, Cell> {
    const cells = new Map<string, Cell>();
    for (const { name, state } of this.#members.values())
      for (const [key, cell] of Object.entries(state)) cells.set(`${name}.${key}`, cell);
    return cells;
  }
}

/** A group's settings, checked. @throws ArgumentError for one that the rule does not have, or that isn't a number */
function settingsOf(
  rule: AnyUpdateRule,
  given: Readonly<Record<string, NumberOrSchedule>>,
  defaults: Readonly<Record<string, NumberOrSchedule>>,
): Record<string, NumberOrSchedule> {
  const known = ["learningRate", ...Object.keys(rule.hyper)];
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) {
      const guess = nearest(name, known);
      throw new ArgumentError(
        `Optimizer: ${rule.name} has no setting "${name}"\n` +
          `  ${guess === undefined ? `it has ${known.join(", ")}` : `did you mean "${guess}"?`}`,
      );
    }
    checkSetting(name, value);
  }
  return { ...defaults, ...given };
}

/** Parameters by their names; those of several modules may share a name, and then their position is part of it. */
function uniquelyNamed(parameters: readonly Parameter[]): (readonly [string, Parameter])[] {
  const names = parameters.map((parameter, i) => parameter.name ?? i.toString());
  return parameters.map((parameter, i) => {
    const name = names[i]!;
    return [names.indexOf(name) === names.lastIndexOf(name) ? name : `${i}.${name}`, parameter] as const;
  });
}

function checkSetting(name: string, value: NumberOrSchedule): void {
  if (typeof value !== "function" && !Number.isFinite(value))
    throw new ArgumentError(`Optimizer: ${name} is ${String(value)}\n  use a number or a schedule`);
}

function valueOf(setting: NumberOrSchedule, step: number): number {
  return typeof setting === "function" ? setting(step) : setting;
}

function named(
  parameters: Module | readonly Parameter[] | ReadonlyMap<string, Parameter>,
): Iterable<readonly [string, Parameter]> {
  if (isModule(parameters)) return parameters.namedParameters({ frozen: true });
  if (Array.isArray(parameters)) return uniquelyNamed(parameters as readonly Parameter[]);
  return parameters as ReadonlyMap<string, Parameter>;
}
