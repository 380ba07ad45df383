/**
 * ASHA against random search at an equal number of training steps, on a GPT of 0.1 million parameters that learns the
 * characters of Moby Dick: `npx tsx --conditions=source bench/search.ts [SEEDS [FIRST_SEED]]`.
 *
 * Both draw the same points. What counts is the validation loss of the best run that was trained to its end.
 */
import { onnx } from "@ansatz/backend-onnx";
import { compile, grad, key, Optimizer, use, type Tensor } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, TokenWindows } from "@ansatz/data";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { asha, randomSearch, tpe, type Point, type Search, type Space, type Trial } from "@ansatz/search";

const [seeds = 10, first = 1] = process.argv.slice(2).map(Number);
/** The steps of a whole run, and how many runs' steps each search may use. */
const [steps, wholeRuns] = [270, 9];
const [context, batch] = [32, 8];
const space: Space = {
  learningRate: { low: 1e-5, high: 1, scale: "logarithmic", whole: false },
  warmup: { low: 1, high: 100, scale: "logarithmic", whole: true },
  beta2: { values: [0.9, 0.95, 0.99, 0.999] },
  weightDecay: { low: 1e-3, high: 1, scale: "logarithmic", whole: false },
  clip: { low: 0.1, high: 10, scale: "logarithmic", whole: false },
};

await use(await onnx({ threads: 1 }));
const text = mobyDick();
const tokenizer = new CharacterTokenizer(text);
const tokens = tokenizer.encode(text);
const border = Math.floor(0.9 * tokens.length);
const training = new TokenWindows(tokens.slice(0, border), context);
const validation = new TokenWindows(tokens.slice(border), context);

/** A run that can be continued: up to a step, then its validation loss. */
function runOf(point: Point, seed: number): (upTo: number) => Promise<number> {
  const { learningRate, warmup: warmupSteps, beta2, weightDecay, clip } = point as Readonly<Record<string, number>>;
  const model = new TransformerLM({
    ...{ vocabularySize: tokenizer.vocabularySize, width: 64, layers: 2, heads: 4, context },
    random: seed,
  });
  const optimizer = new Optimizer(model, adamw, {
    learningRate: warmup(warmupSteps!, cosine(learningRate!, steps - warmupSteps!, { floor: 0.1 * learningRate! })),
    ...{ beta2: beta2!, weightDecay: weightDecay! },
  });
  const train = compile((input: Tensor, target: Tensor) => {
    const loss = crossEntropy(model.forward(input), target);
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), clip!));
    return loss;
  });
  const measure = compile((input: Tensor, target: Tensor) => crossEntropy(model.forward(input), target));
  let step = 0;
  return async (upTo) => {
    for (; step < upTo; step++) {
      const { input, target } = training.random(key(seed), step, batch);
      await (await train(input, target)).item();
    }
    let sum = 0;
    for (let i = 0; i < 8; i++) {
      const { input, target } = validation.random(key(0), i, 16);
      sum += (await (await measure(input, target)).item()) / 8;
    }
    return sum;
  };
}

/** Carries out a search until its steps are used up. */
async function bestOf(search: Search, seed: number): Promise<{ best: number; ended: number; tried: number }> {
  const [trials, runs]: [Trial[], ((upTo: number) => Promise<number>)[]] = [[], []];
  let used = 0;
  for (;;) {
    const job = search(trials);
    if (job === undefined || job === "wait") break;
    const { trial, point, share } = job;
    const measured = trials[trial]?.measured ?? [];
    const [from, upTo] = [measured.at(-1)?.share ?? 0, share].map((part) => Math.round(part * steps));
    if (used + upTo! - from! > wholeRuns * steps) break;
    used += upTo! - from!;
    const value = await (runs[trial] ??= runOf(point, seed))(upTo!);
    const state = share < 1 ? "paused" : "ended";
    trials[trial] = { point, share, state, measured: [...measured, { share, value }] };
    if (share === 1) runs[trial] = () => Promise.resolve(value); // its model isn't needed any more
  }
  const ended = trials.filter(({ state }) => state === "ended").map(({ measured }) => measured.at(-1)!.value);
  return { best: Math.min(...ended.filter(Number.isFinite)), ended: ended.length, tried: trials.length };
}

let wins = 0;
for (let seed = first; seed < first + seeds; seed++) {
  const options = { space, seed };
  const halving = await bestOf(asha({ ...options, trials: 81, reduction: 3, rungs: 4 }), seed);
  const random = await bestOf(randomSearch({ ...options, trials: wholeRuns }), seed);
  const model = await bestOf(tpe({ ...options, trials: wholeRuns, startup: 4 }), seed);
  if (halving.best <= random.best) wins++;
  const show = ({ best, ended, tried }: Awaited<ReturnType<typeof bestOf>>) =>
    `${best.toFixed(4)} (${tried} tried, ${ended} to the end)`;
  console.log(`seed ${seed}: ASHA ${show(halving)}, random ${show(random)}, TPE ${show(model)}`);
}
console.log(`ASHA is better or equal in ${wins} of ${seeds} seeds, with ${wholeRuns * steps} steps for each search`);
