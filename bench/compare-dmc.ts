/**
 * This harness's environments beside Python dm_control in one run: speed in alternating rounds, parity at any
 * seeds, or the control steps at which whole episodes part. Needs a Python with bench/peers/dm_control/requirements.txt:
 *
 *   python3 -m venv .venv && .venv/bin/pip install -r bench/peers/dm_control/requirements.txt
 *   npx jiti bench/compare-dmc.ts speed --python .venv/bin/python --rounds 5 --seconds 0.5
 *   npx jiti bench/compare-dmc.ts parity --python .venv/bin/python --seeds 11,4242
 *   npx jiti bench/compare-dmc.ts episodes --python .venv/bin/python --seeds 0,1,2 --tasks walker-walk
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type ControlEnvironment, makeEnvironment, suite } from '../envs/index.ts';
import { actionStream, traceSeed } from '../envs/trace.ts';
import { packagedModels } from '../harness/plugins/assets.ts';
import { tuneWebAssembly } from '../harness/process/webassembly.ts';

tuneWebAssembly();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: '.venv/bin/python' },
    tasks: { type: 'string', default: 'recorded' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.5' },
    seeds: { type: 'string', default: '11,4242' },
  },
});

/** The 32 tasks that the Control Suite has under the same name and that are compared here. */
const recorded = [
  ...(suite('dmc28') ?? []),
  'quadruped-walk',
  'quadruped-run',
  'quadruped-escape',
  'quadruped-fetch',
];
const tasks = values.tasks === 'recorded' ? [...new Set(recorded)] : values.tasks.split(',');

const peer = spawn(values.python, [new URL('peers/dm_control/peer.py', import.meta.url).pathname], {
  env: { ...process.env, MUJOCO_GL: 'disable' },
  stdio: ['pipe', 'pipe', 'inherit'],
});
const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();

async function ask<T>(request: object): Promise<T> {
  peer.stdin.write(`${JSON.stringify(request)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error('the Python side ended');
  return JSON.parse(value) as T;
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Control steps per second of whole episodes with random actions, resets included: as peer.py counts them. */
function stepsPerSecond(environment: ControlEnvironment, episodes: number): number {
  const draw = actionStream(environment, 0);
  const actions = Array.from({ length: environment.episodeLength }, draw);
  let steps = 0;
  const start = performance.now();
  for (let episode = 0; episode < episodes; episode++) {
    environment.reset();
    for (const action of actions) {
      steps++;
      const { truncated, terminated } = environment.step(action);
      if (truncated || terminated) break;
    }
  }
  return (1000 * steps) / (performance.now() - start);
}

async function speed(): Promise<void> {
  console.log('| task | ours, steps/s | dm_control, steps/s | ratio | spread |');
  console.log('| --- | ---: | ---: | ---: | --- |');
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const medians: number[] = [];
  for (const task of tasks) {
    const environment = await makeEnvironment(task, { models: packagedModels });
    const warm = stepsPerSecond(environment, 1); // lets the compilers warm up
    const episodes = Math.max(1, Math.ceil((seconds * warm) / environment.episodeLength));
    const [ours, theirs, ratios] = [[], [], []] as number[][];
    for (let round = 0; round < rounds; round++) {
      ours.push(stepsPerSecond(environment, episodes));
      const answer = await ask<{ steps_per_second: number }>({ bench: task, episodes });
      theirs.push(answer.steps_per_second);
      ratios.push(ours[round] / theirs[round]);
    }
    environment.dispose();
    medians.push(median(ratios));
    const spread = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
    const [a, b] = [median(ours), median(theirs)].map((x) => Math.round(x).toString());
    console.log(`| ${task} | ${a} | ${b} | ${median(ratios).toFixed(2)} | ${spread} |`);
  }
  const ahead = medians.filter((ratio) => ratio > 1).length;
  console.log(
    `\nahead on ${ahead} of ${medians.length} tasks; lowest ratio ${Math.min(...medians).toFixed(2)}`,
  );
}

interface PeerStep {
  readonly qpos: number[];
  readonly qvel: number[];
  readonly observation: Record<string, number[]>;
  readonly reward: number | null;
}

const distance = (a: readonly unknown[], b: readonly number[]) =>
  a.length === b.length
    ? Math.max(0, ...b.map((x, i) => Math.abs(x - Number(a[i]))))
    : Number.POSITIVE_INFINITY;

async function parity(): Promise<void> {
  console.log('| task | seeds | reset | qpos | qvel | observation | reward |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const task of tasks) {
    const environment = await makeEnvironment(task, { models: packagedModels });
    const largest = { reset: 0, qpos: 0, qvel: 0, observation: 0, reward: 0 };
    const widen = (what: keyof typeof largest, d: number) => {
      largest[what] = Math.max(largest[what], d);
    };
    for (const seed of values.seeds.split(',').map(Number)) {
      const ours = await traceSeed(environment, seed, 30);
      const theirs = await ask<{ reset: PeerStep; steps: PeerStep[] }>({ trace: task, seed, steps: 30 });
      widen('reset', distance(ours.reset.qpos, theirs.reset.qpos));
      widen('reset', distance(ours.reset.qvel, theirs.reset.qvel));
      for (const [name, value] of Object.entries(theirs.reset.observation)) {
        widen('reset', distance(ours.reset.observation[name], value));
      }
      for (const [i, step] of theirs.steps.entries()) {
        widen('qpos', distance(ours.steps[i].qpos, step.qpos));
        widen('qvel', distance(ours.steps[i].qvel, step.qvel));
        widen('reward', distance([ours.steps[i].reward], [step.reward ?? 0]));
        for (const [name, value] of Object.entries(step.observation)) {
          widen('observation', distance(ours.steps[i].observation[name], value));
        }
      }
    }
    environment.dispose();
    const cells = Object.values(largest).map((d) => (d === 0 ? '0' : d.toExponential(1)));
    console.log(`| ${[task, values.seeds, ...cells].join(' | ')} |`);
  }
}

/** A difference of this size counts as parted. */
const PARTED = 1e-6;

/** Whole episodes of the same actions, nothing restored in between: where positions and returns part. */
async function episodes(): Promise<void> {
  console.log('| task | seed | qpos > 1e-6 | return > 1e-6 | qpos at the end | return at the end | of |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const task of tasks) {
    const environment = await makeEnvironment(task, { models: packagedModels });
    for (const seed of values.seeds.split(',').map(Number)) {
      const theirs = await ask<{ qpos: number[][]; rewards: number[] }>({ episode: task, seed });
      const draw = actionStream(environment, seed);
      environment.reset(seed);
      const positions: number[] = [];
      const returns: number[] = [];
      let [ours, total] = [0, 0];
      for (const [step, qpos] of theirs.qpos.entries()) {
        ours += environment.step(draw()).reward;
        total += theirs.rewards[step];
        positions.push(distance([...environment.physics.qpos], qpos));
        returns.push(Math.abs(ours - total));
      }
      const cells = [partedAt(positions), partedAt(returns), last(positions), last(returns)];
      console.log(`| ${[task, seed, ...cells, total.toPrecision(4)].join(' | ')} |`);
    }
    environment.dispose();
  }
}

/** The first control step (from 1) at which a difference has passed the limit. */
function partedAt(differences: readonly number[]): number | 'never' {
  const index = differences.findIndex((d) => d > PARTED);
  return index < 0 ? 'never' : index + 1;
}

const last = (differences: readonly number[]) => (differences.at(-1) ?? 0).toExponential(1);

try {
  if (positionals[0] === 'speed') await speed();
  else if (positionals[0] === 'episodes') await episodes();
  else if (positionals[0] === 'parity') await parity();
  else console.error('say speed, parity or episodes');
} finally {
  peer.stdin.end();
}
