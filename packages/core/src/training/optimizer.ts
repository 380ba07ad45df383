import { call } from "../loop/call.ts";
import { Cell, isCell, type Parameter } from "../graph/cell.ts";
import type { DType } from "../contract/dtype.ts";
import { ArgumentError, DTypeError, GradientError, StateError } from "../contract/errors.ts";
import { input } from "../graph/leaf.ts";
import { checkState, type Module, type StateDict, type TensorData } from "./module.ts";
import { isModule } from "./module-tree.ts";
import { checkSetting, settingsOf, valueOf, type NumberOrSchedule, type OptimizerOptions } from "./settings.ts";
import { isTensor, type Tensor } from "../graph/tensor.ts";
import { atEachRun, guard } from "../graph/trace.ts";
import { leavesOf, type Tree } from "../graph/tree.ts";
import { traceRule, type Apply, type TracedRule } from "./traced-rule.ts";
import type { AnyUpdateRule } from "./update-rule.ts";

/** An optimizer's state, to save and load. */
export interface OptimizerState {
  readonly rule: string;
  readonly step: number;
  readonly state: StateDict;
  /** How many updates a parameter missed while it was frozen, by its name; none where it isn't named. */
  readonly missed?: Readonly<Record<string, number>>;
}

interface Member {
  readonly name: string;
  readonly parameter: Parameter;
  /** The parameter's dtype when the optimizer was made, which its state has. */
  readonly dtype: DType;
  readonly state: Readonly<Record<string, Cell>>;
  readonly group: number;
  /** How many updates it missed while it was frozen. */
  missed: number;
}

/**
 * Applies an update rule to parameters, with a state for each, groups with settings of their own, and schedules.
 *
 * Settings and the step count are inputs of the compiled step: changing them never compiles anything.
 *
 * A frozen parameter stays as it is, and so does its state. A rule is given the number of the parameter's own updates,
 * so one that is thawed later starts as in a new optimizer, as in PyTorch. Schedules count the optimizer's updates.
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
  /** How often a state was loaded: a step that failed before is no longer part of the count. */
  #loads = 0;

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
      this.#members.set(parameter, { name, parameter, dtype: parameter.dtype, state, group, missed: 0 });
    }
  }

  /** The number of updates so far, pending ones included. One that fails or is discarded does not count. */
  get step(): number {
    return this.#step;
  }

  /**
   * The optimizer's own learning rate, as of the latest update (or the first, before it). Setting it, to a number or a
   * schedule, changes every group that shares it.
   */
  get learningRate(): number {
    return this.#current("learningRate", this.groups.length - 1);
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
    const traced = this.#trace("update", gradients, (rule, context, g) => rule.update({ ...context, g }));
    const frozen = [...this.#members.values()].filter(({ parameter }) => !parameter.trainable);
    let takeBack: (() => void) | undefined;
    let number = 0;
    atEachRun(() => {
      takeBack = this.#count(frozen);
      number = this.#step;
      return takeBack;
    });
    try {
      this.#assign(traced, () => number);
    } catch (error) {
      takeBack?.(); // a schedule gave no number
      throw error;
    }
  }

  /** Counts an update, which frozen parameters miss; returns what takes it back, once. */
  #count(frozen: readonly Member[]): () => void {
    const loads = this.#loads;
    let counted = true;
    const by = (change: number): void => {
      this.#step += change;
      for (const member of frozen) member.missed += change;
    };
    by(1);
    return () => {
      if (counted && loads === this.#loads) by(-1);
      counted = false;
    };
  }

  /**
   * Feeds the rule something other than a gradient, such as Sophia's curvature. Groups with a rule that has no
   * `observe` stay as they are. The settings are those of the next update.
   *
   * @throws GradientError as `update`; ArgumentError when no rule has an `observe`
   */
  observe(observations: Tree): void {
    if (this.#rules.every((rule) => rule.observe === undefined))
      throw new ArgumentError(`observe: ${this.rule.name} takes gradients only`);
    const traced = this.#trace(
      "observe",
      observations,
      (rule, context, observation) => rule.observe?.({ ...context, observation }) ?? {},
    );
    let number = 0;
    atEachRun(() => {
      number = this.#step + 1; // before the update in the same run counts
      return undefined;
    });
    this.#assign(traced, () => number);
  }

  /**
   * What the rule keeps for a parameter, by the names of its state.
   * @throws ArgumentError when the parameter is not this optimizer's
   */
  stateOf(parameter: Parameter): Readonly<Record<string, Cell>> {
    return this.#memberOf("stateOf", parameter).state;
  }

  /**
   * The settings of a parameter, as of the latest update (or the first, before it): the learning rate and the
   * hyper-parameters of its group's rule.
   * @throws ArgumentError when the parameter is not this optimizer's
   */
  settingsOf(parameter: Parameter): Readonly<Record<string, number>> {
    const { group } = this.#memberOf("settingsOf", parameter);
    return Object.fromEntries(Object.keys(this.groups[group]!).map((name) => [name, this.#current(name, group)]));
  }

  /**
   * The number of a parameter's own updates so far: `step` without those that it missed while it was frozen.
   * @throws ArgumentError when the parameter is not this optimizer's
   */
  stepOf(parameter: Parameter): number {
    return this.#step - this.#memberOf("stepOf", parameter).missed;
  }

  #memberOf(op: string, parameter: Parameter): Member {
    const member = this.#members.get(parameter);
    if (member === undefined)
      throw new ArgumentError(`${op}: ${parameter.describe()} isn't a parameter of this optimizer`);
    return member;
  }

  #current(name: string, group: number): number {
    return valueOf(name, this.groups[group]![name]!, Math.max(1, this.#step) - 1);
  }

  /** The rule for each parameter that is trained now, on its gradient or observation; checks all that can be wrong. */
  #trace(op: string, tree: Tree, apply: Apply): (readonly [Member, TracedRule, Tensor])[] {
    const values = this.#owned(op, tree);
    return [...this.#members.values()].flatMap((member) => {
      const { parameter, dtype, state, group } = member;
      const value = values.get(parameter);
      if (value === undefined || !parameter.trainable) return []; // frozen
      if (parameter.dtype !== dtype && Object.keys(state).length > 0)
        throw new DTypeError(
          `${op}: ${parameter.describe()} is ${parameter.dtype}, but was ${dtype} when the optimizer was made\n` +
            `  convert the model first, and make the optimizer afterwards: its state has the parameters' dtype`,
        );
      const key = `${op} ${group} ${parameter.dtype} ${parameter.shape.join()}`;
      const traced =
        this.#traces.get(key) ??
        traceRule(this.#rules[group]!, apply, parameter, value, ["step", ...Object.keys(this.groups[group]!)], state);
      this.#traces.set(key, traced);
      return traced.names.length === 0 ? [] : [[member, traced, value] as const];
    });
  }

  /** Makes what the rules compute pending. `step` is the number of the update, from 1. */
  #assign(traced: readonly (readonly [Member, TracedRule, Tensor])[], step: () => number): void {
    const inputs = new Map<string, readonly Tensor[]>();
    const scalarsOf = (member: Member): readonly Tensor[] => {
      const { group, dtype, missed } = member;
      guard(() => member.missed === missed);
      const key = `${group} ${dtype} ${missed}`;
      const known = inputs.get(key) ?? this.#scalars(this.groups[group]!, dtype, step, missed);
      inputs.set(key, known);
      return known;
    };
    const next = traced.flatMap(([member, { body, names }, value]) => {
      const { parameter, state } = member;
      const moments = Object.values(state).map((cell) => cell.read());
      const results = call(body, [parameter.read(), value, ...scalarsOf(member), ...moments]);
      return names.map((name, i) => [name === "θ" ? parameter : state[name]!, results[i]!] as const);
    });
    for (const [cell, value] of next) cell.assign(value);
  }

  /** The number of a parameter's own update and a group's settings, as inputs of the step in a parameter's dtype. */
  #scalars(
    group: Readonly<Record<string, NumberOrSchedule>>,
    dtype: DType,
    step: () => number,
    missed: number,
  ): readonly Tensor[] {
    const settings = Object.keys(group).map((name) => input(() => valueOf(name, group[name]!, step() - 1), { dtype }));
    return [input(() => step() - missed, { dtype }), ...settings];
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
    const late = [...this.#members.values()].filter(({ missed }) => missed > 0);
    const missed = Object.fromEntries(late.map((member) => [member.name, member.missed]));
    return { rule: this.rule.name, step: this.#step, state, ...(late.length > 0 && { missed }) };
  }

  /** Resumes from a saved state. @throws StateError when it does not fit */
  loadStateDict(saved: OptimizerState): void {
    if (saved.rule !== this.rule.name)
      throw new StateError(`loadStateDict: the state is of ${saved.rule}, but this optimizer runs ${this.rule.name}`);
    if (!Number.isInteger(saved.step) || saved.step < 0)
      throw new StateError(`loadStateDict: the step is ${String(saved.step)}, not a whole number`);
    const { missed = {} } = saved;
    const known = new Set([...this.#members.values()].map(({ name }) => name));
    for (const [name, count] of Object.entries(missed))
      if (!known.has(name) || !Number.isInteger(count) || count < 0 || count > saved.step)
        throw new StateError(
          `loadStateDict: "${name}" missed ${String(count)} of ${saved.step} updates\n` +
            "  the names must be of this optimizer's parameters, and the counts whole numbers up to the step",
        );
    const cells = this.#cells();
    checkState("loadStateDict", saved.state, cells);
    for (const [name, cell] of cells) cell.load(saved.state[name]!.data.slice());
    this.#step = saved.step;
    for (const member of this.#members.values())
      member.missed = Object.hasOwn(missed, member.name) ? missed[member.name]! : 0;
    this.#loads++;
  }

  #cells(): Map<string, Cell> {
    const cells = new Map<string, Cell>();
    for (const { name, state } of this.#members.values())
      for (const [key, cell] of Object.entries(state)) cells.set(`${name}.${key}`, cell);
    return cells;
  }
}

/** Parameters by their names; those of several modules may share a name, and then their position is part of it. */
function uniquelyNamed(parameters: readonly Parameter[]): (readonly [string, Parameter])[] {
  const names = parameters.map((parameter, i) => parameter.name ?? i.toString());
  return parameters.map((parameter, i) => {
    const name = names[i]!;
    return [names.indexOf(name) === names.lastIndexOf(name) ? name : `${i}.${name}`, parameter] as const;
  });
}

function named(
  parameters: Module | readonly Parameter[] | ReadonlyMap<string, Parameter>,
): Iterable<readonly [string, Parameter]> {
  if (isModule(parameters)) return parameters.namedParameters({ frozen: true });
  if (Array.isArray(parameters)) return uniquelyNamed(parameters as readonly Parameter[]);
  return parameters as ReadonlyMap<string, Parameter>;
}
