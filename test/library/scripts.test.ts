/** What a script does with the library, on real runs of a few hundred steps. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Comparison, RunEvent } from '../../index.ts';

// As built, as a script has it.
const {
  compare,
  createEngine,
  evaluate,
  loadPolicy,
  makeEnvironment,
  makeVectorEnvironment,
  readCheckpoint,
  readResults,
  SeedError,
  TaskError,
  toBounds,
  train,
  UserError,
  writeReport,
} = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof import('../../index.ts');

const folder = mkdtempSync(join(tmpdir(), 'harness-library-'));
const tiny = {
  steps: 300,
  evaluateEvery: 150,
  evaluationEpisodes: 2,
  preset: 'smoke',
  backend: 'wasm',
} as const;

describe('a comparison by a function', () => {
  const events: RunEvent[] = [];
  let comparison: Comparison;

  beforeAll(async () => {
    comparison = await compare({
      ...tiny,
      agents: [
        { agent: 'sac', name: 'small-sac', set: { actorWidth: 16, criticWidth: 16, randomSteps: 100 } },
      ],
      tasks: ['pendulum-swingup'],
      seeds: 2,
      out: join(folder, 'comparison'),
      onEvent: (event) => events.push(event),
    });
  }, 120_000);

  test('ends with its tables, and tells what happens to its runs', () => {
    const { status, records, tables } = comparison;
    expect(status).toBe('done');
    expect(records.map(({ agent, seed, status, steps }) => [agent, seed, status, steps])).toEqual([
      ['small-sac', 0, 'done', 300],
      ['small-sac', 1, 'done', 300],
    ]);
    expect(tables?.summary.map(({ task, agent, seeds }) => [task, agent, seeds])).toEqual([
      ['pendulum-swingup', 'small-sac', 2],
    ]);
    const kinds = (seed: number) =>
      new Set(events.filter(({ run }) => run.seed === seed).map(({ kind }) => kind));
    for (const seed of [0, 1])
      expect([...kinds(seed)]).toEqual(expect.arrayContaining(['began', 'moved', 'ended']));
  });

  test('grows, is carried out in part, and is reported beside another', async () => {
    const small = { ...tiny, steps: 20, evaluateEvery: 10, evaluationEpisodes: 1 };
    const tasks = ['pendulum-swingup'];
    const out = join(folder, 'grows');
    const part = await compare({ ...small, agents: ['random'], tasks, seeds: 2, shard: '2/2', out });
    expect(part.records.map(({ seed, status }) => [seed, status])).toEqual([[1, 'done']]);
    const reporting = { interval: 'rliable', scoreRange: [0, 500] } as const;
    const random = { ...small, agents: ['random'], tasks };
    const whole = await compare({ ...random, ...reporting, seeds: 1, out: `${out}-whole` });
    expect(readResults(whole.folder).manifest?.reporting).toEqual(reporting); // so that later reports do the same
    const again = writeReport({ directories: [whole.folder] });
    expect(again.tables.aggregate).toEqual(whole.tables?.aggregate);
    const grown = await compare({ extend: true, seeds: 2, out: whole.folder });
    expect(grown.records.map(({ seed, status }) => [seed, status])).toEqual([
      [0, 'done'],
      [1, 'done'],
    ]);
    const scores = (at: string) => readResults(at).runs.map(({ seed, score }) => [seed, score]);
    expect(scores(grown.folder).slice(1)).toEqual(scores(part.folder));
    const other = { agent: 'random', name: 'other' };
    const { beside, records } = await compare({
      ...{ agents: [other], seeds: 1, against: grown.folder, out: `${out}-beside` },
      ...{ backend: 'wasm', threads: 1 },
    });
    expect(records.map(({ task, seed, steps }) => [task, seed, steps])).toEqual([
      ['pendulum-swingup', 0, 20],
    ]);
    expect(beside?.tables?.summary.map(({ agent, seeds }) => [agent, seeds])).toEqual([
      ['other', 1],
      ['random', 2],
    ]);
  }, 120_000);

  test('says in one line what does not fit', async () => {
    const some = { agents: ['random'], tasks: ['pendulum-swingup'], out: join(folder, 'nothing') };
    await expect(compare({ tasks: some.tasks, out: some.out })).rejects.toThrow('compare needs agents');
    await expect(compare({ agents: some.agents, out: some.out })).rejects.toThrow('compare needs tasks');
    await expect(compare({ ...some, extend: true })).rejects.toThrow('nothing to extend in');
    await expect(compare({ ...some, extend: true, force: true })).rejects.toThrow('choose one');
    await expect(compare({ ...some, shard: '3/2' })).rejects.toThrow('expects a part such as 2/8');
    await expect(compare({ ...some, against: 'nowhere' })).rejects.toThrow('holds no evaluations.csv');
    await expect(compare({ ...some, sweep: { sac: { discount: [0.9, 0.99] } } })).rejects.toThrow(/sac/);
  });

  test('can be read again, and has the scores that its tables are made of', () => {
    const { manifest, runs } = readResults(comparison.folder);
    expect(manifest?.status).toBe('done');
    expect(runs.map(({ seed, evaluations }) => [seed, evaluations.map(({ step }) => step)])).toEqual([
      ['0', [0, 150, 300]],
      ['1', [0, 150, 300]],
    ]);
    for (const { training } of runs) expect(training.at(-1)?.values.critic_loss).toBeGreaterThan(0);
    const mean = (runs[0].score + runs[1].score) / 2;
    expect(comparison.tables?.summary[0].mean).toBeCloseTo(mean, 9);
    expect(writeReport({ directories: [comparison.folder] }).tables.summary).toEqual(
      comparison.tables?.summary,
    );
  });

  test('leaves checkpoints whose layers together are the flat arrays', () => {
    const { job, step, arrays, layers, weights } = readCheckpoint(
      join(comparison.folder, 'runs/pendulum-swingup/small-sac/0'),
    );
    expect([job.identity.seed, step]).toEqual([0, 300]);
    const actor = weights('actor/params');
    const [obs, act, width] = [3, 1, 16];
    expect(actor['layer0/kernel'].shape).toEqual([obs, width]);
    expect(Object.values(actor).at(-2)?.shape).toEqual([width, 2 * act]);
    expect(Object.values(actor).flatMap(({ data }) => [...data])).toEqual([...arrays['actor/params'].data]);
    const critic = weights('critic/params');
    expect(critic['layer0/kernel'].shape).toEqual([2, obs + act, width]);
    const parameters = arrays['critic/params'].shape[1];
    const second = [...critic['layer0/kernel'].data.subarray((obs + act) * width)];
    expect(second).toEqual([
      ...arrays['critic/params'].data.subarray(parameters, parameters + second.length),
    ]);
    expect(Object.keys(layers)).toEqual(
      expect.arrayContaining(['actor/m', 'critic/v', 'target', 'temperature/params']),
    );
    expect(() => weights('temperature/count')).toThrow(UserError);
  });

  test('gives no weights where the places of layers are damaged', () => {
    const copy = join(folder, 'damaged');
    cpSync(join(comparison.folder, 'runs/pendulum-swingup/small-sac/0'), copy, { recursive: true });
    const path = join(copy, 'checkpoint/last.safetensors');
    const bytes = readFileSync(path);
    const place = bytes.indexOf('layer0/kernel');
    expect(place).toBeGreaterThan(0);
    bytes.write('layer9', place);
    writeFileSync(path, bytes);
    const { arrays, weights } = readCheckpoint(copy);
    expect(Object.keys(arrays)).toContain('actor/params');
    expect(() => weights('actor/params')).toThrow(UserError);
  });

  test('its policy acts in this process as an evaluation does in its own', async () => {
    const run = join(comparison.folder, 'runs/pendulum-swingup/small-sac/1');
    const found = await evaluate(run, { episodes: 1, seed: 5 });
    expect(found).toMatchObject({
      agent: 'small-sac',
      trainedSteps: 300,
      episodes: 1,
      sd: null,
      lengths: [1000],
    });
    const policy = await loadPolicy(run);
    const environment = await makeEnvironment('pendulum-swingup');
    const bounded = toBounds(environment.actionSpec);
    let { observation } = environment.reset(0);
    for (let step = 0; step < 20; step++) {
      const action = await policy.act(observation);
      expect(action.length).toBe(1);
      ({ observation } = environment.step(bounded(action)));
    }
    await expect(policy.act([1, 2])).rejects.toThrow(
      '1 observation(s) of pendulum-swingup are 3 numbers, found 2',
    );
    environment.dispose();
    await policy.dispose();
  });

  test('its policy runs in Python with numpy alone, and acts as here', async (context) => {
    const python = [process.env.PYTHON ?? 'python3', 'python'].find(
      (name) => spawnSync(name, ['-c', 'import numpy']).status === 0,
    );
    if (python === undefined) return context.skip('there is no Python with numpy (PYTHON=... names one)');
    const run = join(comparison.folder, 'runs/pendulum-swingup/small-sac/0');
    const observations = [
      [1, 0, 0],
      [-0.6, 0.8, 3.5],
      [0, -1, -12],
    ];
    const script = fileURLToPath(new URL('../../examples/policy_in_numpy.py', import.meta.url));
    const { stdout, stderr } = spawnSync(python, [script, run], { input: JSON.stringify(observations) });
    expect(`${stderr}`).toBe('');
    const policy = await loadPolicy(run);
    const ours = await policy.act(observations.flat(), { count: 3 });
    await policy.dispose();
    const theirs = (JSON.parse(`${stdout}`) as number[][]).flat();
    expect(theirs.length).toBe(3);
    theirs.forEach((action, i) => {
      expect(action).toBeCloseTo(ours[i], 5);
    });
    expect(new Set(theirs).size).toBe(3);
  });
});

test('one run is trained, stopped by a signal, and resumed to its end', async () => {
  const options = { ...tiny, out: join(folder, 'run'), seed: 4 };
  const controller = new AbortController();
  const stopped = await train('random', 'cartpole-balance', {
    ...options,
    signal: controller.signal,
    onEvent: ({ kind }) => {
      if (kind === 'moved') controller.abort();
    },
  });
  expect(stopped.status).toBe('interrupted');
  const whole = await train('random', 'cartpole-balance', { ...options, resume: true });
  expect(whole.status).toBe('done');
  expect(whole.run?.evaluations.map(({ step }) => step)).toEqual([0, 150, 300]);
}, 120_000);

test('what does not fit is refused in one line', async () => {
  const out = join(folder, 'refused');
  await expect(compare({ agents: ['sca'], tasks: ['rfm8'], out })).rejects.toThrow("did you mean 'sac'?");
  await expect(compare({ agents: ['sac'], tasks: ['rfm8'], out, force: true, resume: true })).rejects.toThrow(
    UserError,
  );
  await expect(train('sac', 'rfm8', { out })).rejects.toThrow("train takes one task; 'rfm8' names 8");
  await expect(makeEnvironment('walker-wlak')).rejects.toThrow(TaskError);
  await expect(makeVectorEnvironment('walker-walk', 0)).rejects.toThrow(TaskError);
  await expect(makeEnvironment('walker-wlk')).rejects.toThrow(
    new TaskError("unknown task 'walker-wlk'; did you mean 'walker-walk'?"),
  );
  await expect(makeEnvironment('walker-walk', { seed: -1 })).rejects.toThrow(
    new SeedError('walker-walk: seed must be an integer in [0, 4294967295], got -1'),
  );
  const environment = await makeEnvironment('walker-walk');
  environment.reset(3);
  expect(() => environment.reset(-1)).toThrow(SeedError);
  expect(environment.step([0, 0, 0, 0, 0, 0]).truncated).toBe(false); // the episode of before goes on
  environment.dispose();
  expect(() => readResults(out)).toThrow(`${out}: no such directory`);
  expect(() => readCheckpoint(out)).toThrow(UserError);
});

test('calls without what they need, or with values of another kind, are refused in one line', async () => {
  const out = join(folder, 'unwritten');
  const some = { agents: ['random'], tasks: ['pendulum-swingup'], out };
  const told: [() => unknown, string][] = [
    [() => compare({ ...some, agents: 'sca' }), "unknown agent 'sca'; did you mean 'sac'?"],
    [
      () => compare({ ...some, tasks: 'walker-wlk' }),
      "unknown task or suite 'walker-wlk'; did you mean 'walker-walk'?",
    ],
    [
      () => compare({ ...some, tasks: 5 } as never),
      'compare: tasks: expected a list of names, suites and files',
    ],
    [
      () => compare({ ...some, out: undefined } as never),
      'compare: out: expected a name under results/, or a path, found undefined',
    ],
    [() => compare({ ...some, steps: -5 }), 'steps must lie between 1 and 10G, found -5'],
    [() => compare({ ...some, evaluateEvery: 0 }), 'evaluateEvery must lie between 1 and 10G, found 0'],
    [
      () => train('sac', 'walker-walk', { out, steps: '5x' }),
      "steps must be a whole number such as 300, 30k or 1.5M, found '5x'",
    ],
    [
      () => (train as unknown as (...given: string[]) => unknown)('sac', 'walker-walk'),
      'train needs options, at least out: a name under results/',
    ],
    [
      () => (train as () => unknown)(),
      "train needs an agent and a task: train('sac', 'walker-walk', { out: 'mine' })",
    ],
    [() => (compare as () => unknown)(), 'compare needs options, at least out: a name under results/'],
    [
      () => createEngine({ backend: 'cuda' } as never),
      "createEngine: unknown backend 'cuda'; known: native, wasm, onnx, eager",
    ],
    [() => createEngine({ threads: -3 }), 'createEngine: threads must be a whole number from 1 on, found -3'],
  ];
  for (const [ask, line] of told) await expect(async () => await ask()).rejects.toThrow(new UserError(line));
  expect(existsSync(out)).toBe(false);
});

describe('environments in a vector that begin anew by themselves', () => {
  test('go on with the next episode of their random state', async () => {
    const vector = await makeVectorEnvironment('pendulum-swingup', 2, { seed: 7, autoReset: true });
    const alone = await makeEnvironment('pendulum-swingup', { seed: 8 });
    alone.reset();
    vector.reset();
    for (let step = 1; step < vector.episodeLength; step++) {
      expect(vector.step([0.1, 0.2]).done).toEqual(Uint8Array.of(0, 0));
      alone.step([0.2]);
    }
    const { done, truncated, terminated, observation, finalObservation, reward } = vector.step([0.1, 0.2]);
    const last = alone.step([0.2]);
    expect([done, truncated, terminated]).toEqual([
      Uint8Array.of(1, 1),
      Uint8Array.of(1, 1),
      Uint8Array.of(0, 0),
    ]);
    expect(finalObservation.subarray(3)).toEqual(last.observation);
    expect(reward[1]).toBe(last.reward);
    expect(observation.subarray(3)).toEqual(alone.reset().observation);
    expect(vector.step([0.1, 0.2]).done).toEqual(Uint8Array.of(0, 0));
    vector.dispose();
    alone.dispose();
  });
});

test('options that there are not are refused, with the nearest that there is', async () => {
  const out = join(folder, 'misspelt');
  const told: [() => unknown, string][] = [
    [
      () => compare({ agents: ['sac'], tasks: ['pendulum-swingup'], step: 10, out } as never),
      "compare: unknown key 'step'; did you mean 'steps'?",
    ],
    [
      () => train('sac', 'pendulum-swingup', { seeds: 1, out } as never),
      "train: unknown key 'seeds'; did you mean 'seed'?",
    ],
    [
      () => evaluate(out, { episode: 1 } as never),
      "evaluate: unknown key 'episode'; did you mean 'episodes'?",
    ],
    [() => loadPolicy(out, { tasks: '' } as never), "loadPolicy: unknown key 'tasks'; did you mean 'task'?"],
    [
      () => writeReport({ directory: [out] } as never),
      "writeReport: unknown key 'directory'; did you mean 'directories'?",
    ],
    [
      () => makeEnvironment('walker-walk', { model: () => '' } as never),
      "makeEnvironment: unknown key 'model'; did you mean 'models'?",
    ],
    [
      () => makeVectorEnvironment('walker-walk', 2, { autoreset: true } as never),
      "makeVectorEnvironment: unknown key 'autoreset'; did you mean 'autoReset'?",
    ],
    [
      () => createEngine({ thread: 2 } as never),
      "createEngine: unknown key 'thread'; did you mean 'threads'?",
    ],
  ];
  for (const [ask, line] of told) {
    await expect(async () => await ask()).rejects.toThrow(new UserError(line));
  }
  expect(existsSync(out)).toBe(false);
});
