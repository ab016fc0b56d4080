/** What is listed in one place is found everywhere: each test adds a made-up record and looks for it. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { varianceRows } from '../ablations/variance/command.ts';
import { isEstimator, parseEstimator } from '../agents/posterior/estimator.ts';
import { estimators } from '../agents/posterior/estimators.ts';
import { posteriorMean } from '../agents/posterior/posterior-mean.ts';
import { createSchedule } from '../agents/posterior/schedules.ts';
import { findAgent } from '../agents/registry.ts';
import { pages } from '../bench/docs-tables.ts';
import { toyCommand } from '../harness/cli/ablate/toy.ts';
import { varianceCommand } from '../harness/cli/ablate/variance.ts';
import { compareCommand } from '../harness/cli/compare.ts';
import { record } from '../harness/execution/executor.ts';
import { executors, type OpenExecutor } from '../harness/execution/executors.ts';
import { mergeRuns, runFolder } from '../harness/execution/merge.ts';
import { readColumns } from '../harness/files/read-columns.ts';
import { writeReport } from '../harness/report/write.ts';
import { loadManifest } from '../harness/results/manifest.ts';
import { readEvaluations, readTrainingRows } from '../harness/results/read-files.ts';
import { summaryColumns } from '../harness/results/summary.ts';
import type { RunJob } from '../harness/run/job.ts';
import { writeRunRows } from '../harness/run/record.ts';
import { evaluationColumns, trainingColumns } from '../harness/run/rows.ts';

const page = (name: string) => pages().find(({ path }) => path.endsWith(name))?.wanted ?? '';

describe('a column', () => {
  const made = { unit: 'furlongs', meaning: 'made up for a test' } as const;
  const folder = mkdtempSync(join(tmpdir(), 'columns-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const id = { task: 'hop', agent: 'sac', seed: 0 };
  const text = (name: string) => readFileSync(join(folder, name), 'utf8').trim().split('\n');
  const documented = '| `made_up` | furlongs | made up for a test |';
  const write = () =>
    writeRunRows(
      folder,
      id,
      [0, 5, 10].map((step) => ({ step, episode: 0, return: step / 5, length: 7, wallSeconds: 1 })),
      [{ step: 5, metrics: { loss: 0.5 } }],
    );

  it('of evaluations.csv is written, merged, read and documented', () => {
    const columns: Record<string, unknown> = evaluationColumns;
    columns.made_up = { ...made, type: 'count', of: ({ row }: { row: { step: number } }) => 3 * row.step };
    try {
      const job = { identity: id, steps: 10, evaluation: { every: 5, episodes: 1 } } as RunJob;
      mkdirSync(runFolder(folder, job), { recursive: true });
      write();
      for (const name of ['evaluations.csv', 'training.csv']) {
        copyFileSync(join(folder, name), join(runFolder(folder, job), name));
      }
      mergeRuns(folder, [job]);
      expect(text('evaluations.csv')).toEqual([
        expect.stringMatching(/,made_up$/),
        expect.stringMatching(/^hop,sac,0,0,0,0,7,.*,0$/),
        expect.stringMatching(/^hop,sac,0,5,0,1,7,.*,15$/),
        expect.stringMatching(/^hop,sac,0,10,0,2,7,.*,30$/),
      ]);
      const rows = readColumns(join(folder, 'evaluations.csv'), evaluationColumns);
      expect(rows.map(({ cells }) => (cells as Record<string, unknown>).made_up)).toEqual([0, 15, 30]);
      writeFileSync(join(folder, 'evaluations.csv'), text('evaluations.csv').join('\n').replace(',15', ',x'));
      expect(() => readEvaluations(folder)).toThrow(/line 3: 'made_up' is 'x'/);
      expect(page('results.md')).toContain(documented);
    } finally {
      delete columns.made_up;
    }
    expect(page('results.md')).not.toContain(documented);
  });

  it('of training.csv is written and documented, and is no metric', () => {
    const columns: Record<string, unknown> = trainingColumns;
    columns.made_up = { ...made, type: 'number', of: ({ row }: { row: { step: number } }) => row.step / 2 };
    try {
      write();
      expect(text('training.csv')).toEqual(['task,agent,seed,step,made_up,loss', 'hop,sac,0,5,2.5,0.5']);
      expect([...readTrainingRows(folder).values()]).toEqual([[{ step: 5, values: { loss: 0.5 } }]]);
      expect(page('results.md')).toContain(documented);
    } finally {
      delete columns.made_up;
    }
  });

  it('of summary.csv is computed, written, printed as JSON, read and documented', () => {
    const columns: Record<string, unknown> = summaryColumns;
    columns.made_up = { ...made, type: 'number', of: ({ scores }: { scores: number[] }) => 2 * scores[0] };
    try {
      write();
      const out = join(folder, 'report');
      const { tables } = writeReport({ directories: [folder], out, resamples: 10 });
      expect(tables.summary).toMatchObject([{ mean: 2, made_up: 4 }]);
      const [row] = readColumns(join(out, 'summary.csv'), summaryColumns);
      expect(row.cells).toMatchObject({ task: 'hop', seeds: 1, step: 10, made_up: 4 });
      expect(page('results.md')).toContain(documented);
    } finally {
      delete columns.made_up;
    }
  });
});

describe('an executor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'executors-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is offered, carries out a comparison, and stands in its manifest and in how to go on', async () => {
    executors['made-up'] = {
      where: 'nowhere at all',
      async open() {
        const make: OpenExecutor['make'] = (jobs, { recorded }) => ({
          async execute() {
            const records = jobs.map((job) => record(job, { status: 'interrupted' }, 0));
            for (const [i, ended] of records.entries()) recorded(i, ended);
            return records;
          },
          stop() {},
          kill() {},
        });
        return { make, close: async () => {} };
      },
    };
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const command = compareCommand().exitOverride();
      expect(command.helpInformation().replace(/\s+/g, ' ')).toMatch(/nowhere at all.*"made-up"/);
      const words = ['--agents', 'random', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '20'];
      const out = join(folder, 'comparison');
      const ended = command.parseAsync([...words, '--out', out, '--executor', 'made-up'], { from: 'user' });
      await expect(ended).rejects.toThrow('exit 130');
      expect(loadManifest(out).executor).toBe('made-up');
      expect(said.mock.calls.join()).toContain('--executor made-up');
      const counted = compareCommand()
        .exitOverride()
        .parseAsync([...words, '--out', join(folder, 'b'), '--executor', 'made-up', '--workers', '3'], {
          from: 'user',
        });
      await expect(counted).rejects.toThrow(/--workers counts processes here/);
      expect(existsSync(join(folder, 'b'))).toBe(false);
    } finally {
      said.mockRestore();
      delete executors['made-up'];
    }
    expect(compareCommand().helpInformation()).not.toContain('made-up');
  });
});

describe('an estimator', () => {
  afterEach(() => {
    delete estimators['half-way'];
  });
  const add = () => {
    estimators['half-way'] = {
      coefficient: 'I / 2',
      readsScore: true,
      rule: (a, draws) => ({
        y0: a.sub(draws.meanPrior, a.mul(draws.meanStein, 0.5)),
        cvWeight: a.add(a.mul(draws.ess, 0), 0.5),
      }),
    };
  };

  it('is not known before', () => {
    expect(isEstimator('half-way')).toBe(false);
  });

  it('is read, named among the others, and computes', () => {
    add();
    expect(isEstimator('half-way')).toBe(true);
    expect(() => parseEstimator('quarter')).toThrow(/half-way/);
    const mean = (estimator: string) =>
      posteriorMean({
        schedule: createSchedule('linear'),
        t: tf.tensor1d([0.4]),
        yt: tf.tensor2d([0.3, -0.2], [1, 2]),
        prior: tf.tensor3d([0.5, -1, 1.5, 0.2, -0.3, 0.8], [1, 3, 2]),
        logDensity: (y1) => ({ logDensity: tf.mul(tf.sum(tf.square(y1), 2), -2), score: tf.mul(y1, -4) }),
        estimator: parseEstimator(estimator),
      }).y0.dataSync();
    expect(mean('half-way')).toEqual(mean('eta=0.5'));
  });

  it('is a setting of the RFM agents, in every command and in the docs', () => {
    add();
    const factory = findAgent('rfm-flow');
    const preset = factory?.presets.smoke;
    expect(factory?.config.parse({ ...preset, estimator: 'half-way' })).toMatchObject({
      estimator: 'half-way',
    });
    expect(factory?.config.safeParse({ ...preset, estimator: 'quarter' }).error?.message).toContain(
      'half-way',
    );
    expect(varianceCommand().helpInformation()).toContain('half-way');
    expect(toyCommand().helpInformation()).toContain('half-way');
    const rows = varianceRows({
      ...{ problem: [], particles: [3], times: [0.5], points: 1, repetitions: 1 },
      ...{ schedule: 'linear', proposal: 'prior', seed: 0 },
    });
    expect(rows.map(({ estimator }) => estimator)).toContain('half-way');
    expect(page('estimators.md')).toContain('| `half-way` | I / 2 | yes |');
  });
});
