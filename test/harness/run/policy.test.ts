/** Checkpoints as scripts play and read them: with any files but the agent's own missing, on other machines, call by call. */
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ReplayBuffer } from '../../../agents/replay.ts';
import { backends } from '../../../engine/backends/records.ts';
import { defaultBackend } from '../../../engine/default-backend.ts';
import { jobsOf } from '../../../harness/plan/plan.ts';
import { resolvePlan } from '../../../harness/plan/resolve.ts';
import { keepFilesOut } from '../../../harness/plugins/load-module.ts';
import { assemble } from '../../../harness/run/assemble.ts';
import { CheckpointStore } from '../../../harness/run/checkpoint.ts';
import type { RunJob } from '../../../harness/run/job.ts';
import { type PlayedEvaluation, tellEvaluation } from '../../../harness/run/play-evaluation.ts';
import { disposePlayer, openPlayer, playOfCheckpoint } from '../../../harness/run/player.ts';
import { evaluate, loadPolicy } from '../../../harness/run/policy.ts';
import { readCheckpoint } from '../../../harness/run/read-checkpoint.ts';
import { command } from '../support/command.ts';
import { shortBalance } from '../support/task-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'policy-'));
const trained = join(folder, 'run');
const replaySize = { observation: 3, action: 1 };
let job: RunJob;
let randomConfig: RunJob['config'];

/** The checkpoint that a run of sac leaves, with some replay. */
async function leaveCheckpoint(run: string, change: Partial<RunJob> = {}): Promise<void> {
  const parts = await assemble({ ...job, backend: 'wasm' });
  const replay = new ReplayBuffer(10, replaySize);
  replay.append(
    Float32Array.from({ length: 2 * replay.rowSize }, (_, i) => i),
    0,
  );
  const state = {
    ...{ job: { ...job, ...change }, step: 7, evaluatedAt: 0, episode: { number: 0, return: 0, length: 7 } },
    ...{ environment: { task: 'pendulum-swingup' }, observation: '', streams: {} as never, means: {} },
    ...{ evaluations: [], training: [], wallSeconds: 1 },
  };
  new CheckpointStore(join(run, 'checkpoint')).write(state, await parts.agent.save(), replay);
  await disposePlayer({ parts, trainedSteps: 7 });
}

const copied = (name: string): string => {
  cpSync(trained, join(folder, name), { recursive: true });
  return join(folder, name);
};

beforeAll(async () => {
  const set = { sac: { actorWidth: 8, criticWidth: 8 } };
  const random = { agents: ['random'], tasks: ['pendulum-swingup'], preset: 'smoke' };
  randomConfig = jobsOf(await resolvePlan(random))[0].config;
  const settings = {
    agents: ['sac'],
    tasks: ['pendulum-swingup'],
    seeds: 1,
    steps: 20,
    preset: 'smoke',
    set,
  };
  [job] = jobsOf(await resolvePlan({ ...settings, backend: 'wasm', threads: 1 }));
  await leaveCheckpoint(trained);
});
afterEach(() => vi.restoreAllMocks());

describe('a policy that acts', () => {
  const states = [1, 0, 0, -0.6, 0.8, 3.5];

  it('is told what is wrong with observations, count or mode', async () => {
    const policy = await loadPolicy(trained);
    const told: [ArrayLike<number>, object, RegExp][] = [
      [states.slice(0, 4), { count: 4 / 3 }, /^count must be a whole number .* found '1\.333/],
      [[], { count: 0 }, /^count must lie between 1 and/],
      [[1, 2], {}, /^1 observation\(s\) of pendulum-swingup are 3 numbers, found 2$/],
      [[Number.NaN, 0, 0], {}, /expected finite float32 numbers, found NaN at 0$/],
      [[0, 1e39, 0], {}, /expected finite float32 numbers, found 1e\+39 at 1$/],
      ['abc' as never, {}, /^1 observation\(s\) of pendulum-swingup are 3 numbers, found "abc"$/],
      [['1', 0, 0] as never, {}, /found 1 at 0$/],
      [undefined as never, {}, /are 3 numbers, found undefined$/],
      [states, { mode: 'exploitt' }, /^unknown mode 'exploitt'; did you mean 'exploit'\?$/],
    ];
    for (const [observations, options, line] of told)
      await expect(policy.act(observations, options)).rejects.toThrow(line);
    expect((await policy.act(states, { count: 2 })).length).toBe(2);
    await policy.dispose();
  });

  it('answers calls that overlap, each as alone, and is disposed of after them', async () => {
    const policy = await loadPolicy(trained);
    const given = [states.slice(0, 3), states.slice(3)];
    const alone = [await policy.act(given[0]), await policy.act(given[1])];
    const calls = [given[0], given[1], [Number.NaN, 0, 0], given[0]].map((state) => policy.act(state));
    const ended = policy.dispose();
    const answers = await Promise.allSettled(calls);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    const actions = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    expect(actions).toEqual([alone[0], alone[1], alone[0]]);
    await ended;
  });
});

it('an evaluation may have more episodes than a process has memory for environments', async () => {
  keepFilesOut(false);
  const file = join(folder, 'short.ts');
  writeFileSync(file, shortBalance);
  const task = { name: 'short-balance', file };
  const played = async (episodes: number) => {
    const told: PlayedEvaluation[] = [];
    const play = { job: { ...job, agent: { name: 'random' }, config: randomConfig, task } };
    await tellEvaluation({ play, seed: 3, episodes }, (news) => void told.push(news));
    return told[0].returns;
  };
  const all = await played(170);
  expect(all.length).toBe(170);
  expect(all.every((sum) => sum > 0)).toBe(true);
  expect(new Set(all).size).toBeGreaterThan(160);
});

describe('who plays or reads a checkpoint', () => {
  it('needs no replay, which a run that goes on does need', async () => {
    const run = copied('shipped');
    const files = readdirSync(join(run, 'checkpoint'));
    const segments = files.filter((file) => file.startsWith('replay-'));
    expect(segments).toHaveLength(1);
    rmSync(join(run, 'checkpoint', segments[0]));
    const policy = await loadPolicy(run);
    expect(policy.trainedSteps).toBe(7);
    await policy.dispose();
    expect(readCheckpoint(run).step).toBe(7);
    const notes: string[] = [];
    expect(new CheckpointStore(join(run, 'checkpoint')).read((line) => notes.push(line))).toBeUndefined();
    expect(notes).toEqual([expect.stringMatching(/last\.safetensors is damaged \(.*replay-0-2\.f32/)]);
  });

  it('is told why no state can be read, in the error alone', async () => {
    const run = copied('torn');
    truncateSync(join(run, 'checkpoint/last.safetensors'), 3000);
    const spoken = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const line = /checkpoint holds no readable checkpoint: last\.safetensors is damaged \(.+\)$/;
    expect(() => readCheckpoint(run)).toThrow(line);
    await expect(loadPolicy(run)).rejects.toThrow(line);
    truncateSync(join(run, 'checkpoint/last.safetensors'), 3);
    await expect(loadPolicy(run)).rejects.toThrow(line);
    expect(spoken).not.toHaveBeenCalled();
  });

  it('takes the state before a damaged one, with a note', async () => {
    const run = copied('one-before');
    const checkpoint = join(run, 'checkpoint');
    cpSync(join(checkpoint, 'last.safetensors'), join(checkpoint, 'previous.safetensors'));
    truncateSync(join(checkpoint, 'last.safetensors'), 3000);
    const spoken = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const policy = await loadPolicy(run);
    await policy.dispose();
    expect(spoken.mock.calls).toEqual([
      [expect.stringMatching(/last\.safetensors is damaged \(.*\); falling back\n$/)],
    ]);
  });

  it('finds it in a folder of any name', async () => {
    const run = copied('renamed');
    const copy = join(run, 'best so far');
    renameSync(join(run, 'checkpoint'), copy);
    expect(readCheckpoint(copy).step).toBe(7);
    expect(playOfCheckpoint(copy, {}).checkpoint?.folder).toBe(copy);
  });

  it('computes with what there is here, with a note, unless a backend is named', async () => {
    const run = join(folder, 'of-another-machine');
    await leaveCheckpoint(run, { backend: 'onnx', threads: 256 });
    vi.spyOn(backends.onnx, 'whyUnavailable').mockResolvedValue('there is no ONNX Runtime');
    const spoken = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const player = await openPlayer(playOfCheckpoint(run, {}));
    expect(player.parts.job).toMatchObject({ backend: defaultBackend(), threads: availableParallelism() });
    await disposePlayer(player);
    expect(spoken.mock.calls).toEqual([[expect.stringMatching(/^note: played on the backend .* onnx/)]]);
    const named = await openPlayer(playOfCheckpoint(run, { backend: 'wasm' }));
    expect(named.parts.job.backend).toBe('wasm');
    await disposePlayer(named);
    expect(spoken).toHaveBeenCalledTimes(1);
    await expect(loadPolicy(run, { backend: 'onnx' })).rejects.toThrow('there is no ONNX Runtime');
    await expect(evaluate(run, { backend: 'wsam' as never })).rejects.toThrow(
      "unknown backend 'wsam'; did you mean 'wasm'?",
    );
  });

  it('names the backend on the command line', async () => {
    const play = (...words: string[]) => command(folder, ...words, '--backend', 'wasm', '--json');
    const evaluated = await play('eval', basename(trained), '--episodes', '1');
    expect(evaluated).toMatchObject({ code: 0, stderr: '' });
    const rolled = await play('rollout', basename(trained), '--steps', '5');
    expect(rolled).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(rolled.stdout)).toMatchObject({ agent: 'sac', steps: 5 });
  });
});
