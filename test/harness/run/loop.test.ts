import { appendFileSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Agent, TrainingConfig } from '../../../agents/agent.ts';
import type { TimeStep } from '../../../envs/environment.ts';
import { GuardedAgent } from '../../../harness/plugins/guard.ts';
import { CheckpointStore } from '../../../harness/run/checkpoint.ts';
import type { RunJob } from '../../../harness/run/job.ts';
import { type RunHooks, type RunOutcome, run } from '../../../harness/run/loop.ts';
import { writeRunRows } from '../../../harness/run/record.ts';
import type { EvaluationRow, TrainingRow } from '../../../harness/run/rows.ts';
import { RunStreams } from '../../../harness/run/streams.ts';
import { ToyAgent, ToyEnvironment, toyTraining } from '../support/toy.ts';

const job: RunJob = {
  identity: { task: 'toy-line', agent: 'toy', seed: 3 },
  agent: { name: 'toy' },
  task: { name: 'toy-line' },
  config: { ...toyTraining },
  steps: 400,
  evaluation: { every: 150, episodes: 3, starts: 'fixed' },
  logEvery: 40,
  backend: 'wasm',
  threads: 1,
};

interface Result {
  outcome: RunOutcome;
  evaluations: readonly EvaluationRow[];
  training: readonly TrainingRow[];
  notes: string[];
  environment: ToyEnvironment;
  evaluationSeeds: number[][];
}

interface Session {
  folder: string;
  /** Stops at the n-th question whether to stop (asked at steps and inside evaluations). */
  stopAt?: number;
  /** Throws out of the loop there, as a crash would. */
  crashAtStep?: number;
  checkpointEvery?: number;
  agent?: (inner: Agent) => Agent;
  training?: Partial<TrainingConfig>;
  job?: Partial<RunJob>;
  environment?: () => ToyEnvironment;
}

async function play(session: Session): Promise<Result> {
  const makeEnvironment = session.environment ?? (() => new ToyEnvironment());
  const environment = makeEnvironment();
  const evaluationEnvironments = [makeEnvironment(), makeEnvironment(), makeEnvironment()];
  const ours: RunJob = { ...job, ...session.job };
  const inner = new ToyAgent(new RunStreams(ours.identity).agent());
  const notes: string[] = [];
  let evaluations: readonly EvaluationRow[] = [];
  let training: readonly TrainingRow[] = [];
  let asked = 0;
  let steps = 0;
  const hooks: RunHooks = {
    yieldToEventLoop: () => undefined,
    stopRequested: () => ++asked >= (session.stopAt ?? Number.POSITIVE_INFINITY),
    checkpointDue: () => ++steps % (session.checkpointEvery ?? Number.POSITIVE_INFINITY) === 0,
    checkpointWritten: () => {},
    progress: ({ step }) => {
      if (step === session.crashAtStep) throw new Error('crash');
    },
    rows: (e, t) => {
      evaluations = e;
      training = t;
    },
    note: (line) => notes.push(line),
  };
  const outcome = await run(
    {
      job: ours,
      training: { ...toyTraining, ...session.training },
      agent: new GuardedAgent(session.agent?.(inner) ?? inner, "agent 'toy'", 1),
      environment,
      evaluationEnvironments,
      checkpoints: new CheckpointStore(join(session.folder, 'checkpoint'), { job: ours, mixed: false }),
    },
    hooks,
  );
  const evaluationSeeds = evaluationEnvironments.map((each) => each.seeds);
  return { outcome, evaluations, training, notes, environment, evaluationSeeds };
}

/** Does not hold where the point has gone far from the origin. */
class FragileEnvironment extends ToyEnvironment {
  readonly endsUnstable = true;
  ended = 0;

  override step(action: ArrayLike<number>): TimeStep {
    const step = super.step(action);
    if (step.truncated || Math.abs(step.observation[0]) < 0.45) return step;
    this.ended++;
    return { ...step, terminated: true, discount: 0, unstable: 'it has gone far' };
  }
}

const newFolder = () => mkdtempSync(join(tmpdir(), 'run-'));

/** Rows as the bytes of the CSVs, the wall clock aside. */
function csvBytes({ evaluations, training }: Result): string {
  const folder = newFolder();
  writeRunRows(
    folder,
    job.identity,
    evaluations.map((row) => ({ ...row, wallSeconds: 0 })),
    training,
  );
  return (
    readFileSync(join(folder, 'evaluations.csv'), 'utf8') + readFileSync(join(folder, 'training.csv'), 'utf8')
  );
}

describe('a run', () => {
  it('evaluates before the first step, at every interval and after the last step', async () => {
    const { evaluations, outcome } = await play({ folder: newFolder() });
    expect(outcome.status).toBe('done');
    expect([...new Set(evaluations.map((row) => row.step))]).toEqual([0, 150, 300, 400]);
    expect(evaluations.map((row) => row.episode)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('counts the episodes that ended because the simulation did not hold, also when it goes on after a crash', async () => {
    const environment = () => new FragileEnvironment();
    const whole = await play({ folder: newFolder(), environment });
    const counts = whole.training.map(({ metrics }) => metrics.unstable_episodes);
    const { ended } = whole.environment as FragileEnvironment;
    expect(ended).toBeGreaterThan(3);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(ended);
    for (const { length, unstable } of whole.evaluations) expect(unstable).toBe(length < 50);
    expect(whole.evaluations.some(({ unstable }) => unstable)).toBe(true);

    const folder = newFolder();
    const crash = play({ folder, environment, checkpointEvery: 7, crashAtStep: 230 });
    await expect(crash).rejects.toThrow('crash');
    const resumed = await play({ folder, environment, checkpointEvery: 7 });
    expect(csvBytes(resumed)).toBe(csvBytes(whole));
    const [header, first] = csvBytes(whole).split('\n');
    expect(header).toMatch(/,unstable$/);
    expect(first).toMatch(/,[01]$/);
  });

  it('gives the same rows for the same seed and others for another', async () => {
    const first = csvBytes(await play({ folder: newFolder() }));
    expect(csvBytes(await play({ folder: newFolder() }))).toBe(first);
    const other = { identity: { ...job.identity, seed: 4 } };
    expect(csvBytes(await play({ folder: newFolder(), job: other }))).not.toBe(first);
  });

  it('meets the same episodes whatever the agent is called and does', async () => {
    const other = { identity: { ...job.identity, agent: 'another' } };
    const one = await play({ folder: newFolder() });
    const two = await play({ folder: newFolder(), job: other, training: { updatesPerStep: 0 } });
    expect(two.environment.seeds).toEqual(one.environment.seeds);
    expect(two.evaluationSeeds).toEqual(one.evaluationSeeds);
  });

  it('evaluates from the same starts every time, whatever its seed', async () => {
    const { evaluationSeeds } = await play({ folder: newFolder() });
    expect(evaluationSeeds).toEqual([0, 1, 2].map((seed) => Array(4).fill(seed)));
    const other = { identity: { ...job.identity, seed: 4 } };
    expect((await play({ folder: newFolder(), job: other })).evaluationSeeds).toEqual(evaluationSeeds);
  });

  it('evaluates from starts of its own every time if they are to be fresh', async () => {
    const fresh = { evaluation: { ...job.evaluation, starts: 'fresh' as const } };
    const one = await play({ folder: newFolder(), job: fresh });
    expect(new Set(one.evaluationSeeds.flat()).size).toBe(12);
    const other = await play({
      folder: newFolder(),
      job: { ...fresh, identity: { ...job.identity, agent: 'another' } },
    });
    expect(other.evaluationSeeds).toEqual(one.evaluationSeeds);
  });

  it('logs means of the metrics, also of metrics that come late', async () => {
    const { training } = await play({ folder: newFolder() });
    expect(training.map((row) => row.step)).toEqual([40, 80, 120, 160, 200, 240, 280, 320, 360, 400]);
    expect(Object.keys(training[0].metrics)).toEqual(['loss']);
    expect(Object.keys(training[9].metrics)).toEqual(['loss', 'late']);
    expect(training[9].metrics.late).toBe(360.5); // updates 341 to 380
  });

  it('does not learn before the random steps are over', async () => {
    let updates = 0;
    const counting = (inner: Agent): Agent => ({
      act: (o, n, m) => inner.act(o, n, m),
      update: (batch) => {
        updates++;
        return inner.update(batch);
      },
      save: () => inner.save(),
      load: (snapshot) => inner.load(snapshot),
      dispose: () => inner.dispose(),
    });
    await play({
      folder: newFolder(),
      agent: counting,
      training: { randomSteps: 100, updatesPerStep: 0.25 },
    });
    expect(updates).toBe(75);
  });

  it('remembers a time limit as no end and a fall as one', async () => {
    const masks: number[] = [];
    const looking = (inner: Agent): Agent => ({
      // Pushes to the right until it falls off the end of the line.
      act: async (_, count) => new Float32Array(count).fill(1),
      update: async (batch) => {
        masks.push(...batch.mask);
        return {};
      },
      save: () => inner.save(),
      load: (snapshot) => inner.load(snapshot),
      dispose: () => inner.dispose(),
    });
    const { evaluations } = await play({ folder: newFolder(), agent: looking });
    expect(evaluations.every((row) => row.length < 50)).toBe(true);
    expect(masks.filter((mask) => mask === 0).length).toBeGreaterThan(50);
    masks.length = 0;
    const still = (inner: Agent): Agent => ({
      ...looking(inner),
      act: async (_, count) => new Float32Array(count),
    });
    await play({ folder: newFolder(), agent: still });
    expect(masks.every((mask) => mask === 1)).toBe(true);
  });
});

describe('a run that is interrupted', () => {
  it('ends with the same bytes wherever it was stopped, also inside an evaluation', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    for (const stopAt of [1, 2, 30, 51, 52, 120, 205, 230, 500, 560, 599]) {
      const folder = newFolder();
      const first = await play({ folder, stopAt });
      expect(first.outcome.status).toBe('interrupted');
      expect(csvBytes(await play({ folder }))).toBe(whole);
    }
  });

  it('ends with the same bytes after many stops', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    const folder = newFolder();
    let result = await play({ folder, stopAt: 60 });
    for (let i = 0; result.outcome.status !== 'done'; i++) {
      expect(i).toBeLessThan(100);
      result = await play({ folder, stopAt: 57 + 13 * i });
    }
    expect(csvBytes(result)).toBe(whole);
  });

  it('goes on from the last checkpoint after a crash', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    for (const crashAtStep of [5, 149, 150, 299, 399]) {
      const folder = newFolder();
      await expect(play({ folder, crashAtStep, checkpointEvery: 30 })).rejects.toThrow('crash');
      const result = await play({ folder });
      if (crashAtStep > 30) expect(result.notes[0]).toMatch(/continues from step \d+/);
      expect(csvBytes(result)).toBe(whole);
    }
  });

  it('writes no checkpoint before its first step, which would put off the first of use', async () => {
    const folder = newFolder();
    await expect(play({ folder, crashAtStep: 1, checkpointEvery: 1 })).rejects.toThrow('crash');
    expect((await play({ folder })).notes).toEqual([]);
    const later = newFolder();
    await expect(play({ folder: later, crashAtStep: 2, checkpointEvery: 1 })).rejects.toThrow('crash');
    expect((await play({ folder: later })).notes).toEqual(['continues from step 1']);
  });

  it('stores every replay row once, and none that left the ring', async () => {
    const folder = newFolder();
    await play({ folder, checkpointEvery: 25 });
    const files = readdirSync(join(folder, 'checkpoint')).filter((file) => file.startsWith('replay-'));
    const ranges = files
      .map(
        (file) =>
          file
            .match(/replay-(\d+)-(\d+)/)
            ?.slice(1)
            .map(Number) ?? [],
      )
      .sort(([a], [b]) => a - b);
    ranges.forEach(([first], i) => {
      if (i > 0) expect(first).toBe(ranges[i - 1][1]);
    });
    expect(ranges.at(-1)?.[1]).toBe(400);
    expect(ranges[0][1]).toBeGreaterThan(400 - 100 - 2 * 25);
  });
});

describe('a run that is made longer', () => {
  const schedule = { evaluation: { ...job.evaluation, every: 100 }, logEvery: 50 };
  const whole = async (steps: number, more: Partial<RunJob> = schedule) =>
    csvBytes(await play({ folder: newFolder(), job: { ...more, steps } }));

  it('goes on from its end with the bytes of a run planned whole, also when its replay buffer was full', async () => {
    for (const steps of [100, 200]) {
      const folder = newFolder();
      await play({ folder, job: { ...schedule, steps } });
      const longer = await play({ folder, job: { ...schedule, steps: 400 } });
      expect(longer.notes).toEqual([`continues from step ${steps}`]);
      expect(csvBytes(longer)).toBe(await whole(400));
    }
  });

  it('goes on from where it was stopped', async () => {
    const folder = newFolder();
    await play({ folder, job: { ...schedule, steps: 250 }, stopAt: 130 });
    const longer = await play({ folder, job: { ...schedule, steps: 400 } });
    expect(longer.notes).toEqual([expect.stringMatching(/^continues from step \d\d$/)]);
    expect(csvBytes(longer)).toBe(await whole(400));
  });

  it.each([
    [{ ...schedule, steps: 150 }, 'its last evaluation is at step 150, no multiple of --evaluate-every 100'],
    [
      { ...schedule, logEvery: 30, steps: 200 },
      'its last row of training.csv is of step 200, no multiple of --log-every 30',
    ],
  ])('begins anew, and says why, if its end left rows that a longer one has not: %o', async (short, why) => {
    const folder = newFolder();
    await play({ folder, job: short });
    const longer = await play({ folder, job: { ...short, steps: 400 } });
    expect(longer.notes).toEqual([`goes on from an earlier step, or begins anew: ${why}`]);
    expect(csvBytes(longer)).toBe(await whole(400, short));
  });

  it('takes no transition from a checkpoint that it does not go on from', async () => {
    const opposite = (inner: Agent): Agent => ({
      act: async (...args) => (await inner.act(...args)).map((value) => -value),
      update: (batch) => inner.update(batch),
      save: () => inner.save(),
      load: (snapshot) => inner.load(snapshot),
      dispose: () => inner.dispose(),
    });
    const roomy = { training: { replayCapacity: 1000 }, agent: opposite };
    const longer = { ...schedule, steps: 400 };
    const undisturbed = await play({ folder: newFolder(), job: longer, ...roomy });
    const folder = newFolder();
    await play({ folder, job: { ...schedule, steps: 150 }, training: roomy.training });
    const session = { folder, job: longer, ...roomy };
    await expect(play({ ...session, checkpointEvery: 200, crashAtStep: 250 })).rejects.toThrow('crash');
    const resumed = await play(session);
    expect(resumed.notes).toEqual(['continues from step 199']);
    expect(csvBytes(resumed)).toBe(csvBytes(undisturbed));
  });

  it('goes on from an earlier checkpoint, if that is not of its end', async () => {
    const folder = newFolder();
    await play({ folder, job: { ...schedule, steps: 150 }, checkpointEvery: 60 });
    const longer = await play({ folder, job: { ...schedule, steps: 400 } });
    expect(longer.notes[1]).toBe('continues from step 119');
    expect(csvBytes(longer)).toBe(await whole(400));
  });
});

describe('a damaged checkpoint', () => {
  async function crashed() {
    const folder = newFolder();
    await expect(play({ folder, crashAtStep: 399, checkpointEvery: 50 })).rejects.toThrow('crash');
    return { folder, checkpoint: join(folder, 'checkpoint') };
  }

  it('that is torn falls back to the one before, and says so', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    const { folder, checkpoint } = await crashed();
    truncateSync(join(checkpoint, 'last.safetensors'), 300);
    const result = await play({ folder });
    expect(result.notes[0]).toMatch(/last\.safetensors is damaged .*falling back/);
    expect(result.notes[1]).toBe('continues from step 299');
    expect(csvBytes(result)).toBe(whole);
  });

  it('with one flipped byte anywhere is found by its checksum', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    const { folder, checkpoint } = await crashed();
    const path = join(checkpoint, 'last.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(path, bytes);
    const result = await play({ folder });
    expect(result.notes[0]).toMatch(/checksum does not match/);
    expect(csvBytes(result)).toBe(whole);
  });

  it('with no good generation left starts again', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    const { folder, checkpoint } = await crashed();
    for (const file of ['last.safetensors', 'previous.safetensors']) truncateSync(join(checkpoint, file), 5);
    const result = await play({ folder });
    expect(result.notes).toHaveLength(2);
    expect(csvBytes(result)).toBe(whole);
  });

  it('of another run is not gone on with', async () => {
    const { checkpoint } = await crashed();
    const read = (other: Partial<RunJob>, mixed = false) =>
      new CheckpointStore(checkpoint, { job: { ...job, ...other }, mixed }).read(() => {});
    expect(read({})?.state.job).toEqual(job);
    const others: [Partial<RunJob>, string][] = [
      [{ identity: { ...job.identity, seed: 0 } }, "'identity.seed' differs (3 there, 0 asked)"],
      [
        { identity: { ...job.identity, task: 'toy-plane' } },
        "'identity.task' differs (toy-line there, toy-plane asked)",
      ],
      [{ steps: 300 }, "'steps' differs (400 there, 300 asked)"],
      [{ config: { ...job.config, batchSize: 9 } }, "'config.batchSize' differs (8 there, 9 asked)"],
      [{ agent: { name: 'toy', sha256: 'a'.repeat(64) } }, "'agent.sha256' differs"],
    ];
    for (const [other, difference] of others) {
      const line = `${join(checkpoint, 'last.safetensors')} is of another run: ${difference}; remove ${checkpoint} to begin the run anew`;
      expect(() => read(other)).toThrow(line);
    }
    expect(read({ agent: { name: 'toy', sha256: 'a'.repeat(64) } }, true)?.state.step).toBe(349);
    expect(() => read({ steps: 300 }, true)).toThrow("'steps' differs");
  });

  it('whose replay is torn is not used', async () => {
    const whole = csvBytes(await play({ folder: newFolder() }));
    const { folder, checkpoint } = await crashed();
    const newest = readdirSync(checkpoint).find((file) => file.endsWith('-349.f32')) ?? 'none';
    appendFileSync(join(checkpoint, newest), 'x');
    const result = await play({ folder });
    expect(result.notes[0]).toMatch(/replay-299-349\.f32 is torn/);
    expect(csvBytes(result)).toBe(whole);
  });
});
