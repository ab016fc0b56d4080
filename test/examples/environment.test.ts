import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkTask, type Environment } from '../../envs/index.ts';
import { loadTask, resolveTasks, sourcesHere } from '../../harness/plugins/load-task.ts';
import { builtCommand } from '../harness/support/command.ts';

const example = fileURLToPath(new URL('../../examples/my-environment.ts', import.meta.url));
const source = readFileSync(example, 'utf8');

/** Loaded in this process; the commands below load it in one of its own first. */
async function make(file: string): Promise<Environment> {
  const [task] = await sourcesHere(file);
  return (await loadTask(task))();
}

/** The example with something in it replaced, as a file. */
function changed(from: string | RegExp, to: string): string {
  const text = source.replace(from, to);
  expect(text).not.toBe(source);
  const file = join(mkdtempSync(join(tmpdir(), 'harness-')), 'mine.ts');
  writeFileSync(file, text);
  return file;
}

describe('examples/my-environment.ts', () => {
  it('loads as a task and keeps every promise that applies without MuJoCo', async () => {
    const [task] = await resolveTasks([example]);
    expect(task).toMatchObject({ name: 'puck-glide', file: example });
    let promises = 0;
    for await (const { promise, passed, detail } of checkTask(await loadTask(task))) {
      expect(passed ? '' : detail, promise).toBe('');
      promises++;
    }
    expect(promises).toBe(7);
  });

  it('moves as its equations say', async () => {
    const environment = await make(example);
    const [x, y, , , dx, dy] = environment.reset(3).observation;
    const { observation, reward } = environment.step([1, 0]);
    // v = 0.05 s · 2 m/s², x += 0.05 s · v
    expect(observation[0] - x).toBeCloseTo(0.005, 12);
    expect(observation[2]).toBeCloseTo(0.1, 12);
    expect([...observation.subarray(0, 2)].map((p, i) => p + observation[4 + i])).toEqual([
      expect.closeTo(x + dx, 12),
      expect.closeTo(y + dy, 12),
    ]);
    // 0.1 at 1 m outside of 0.1 m, Gaussian
    const outside = Math.max(0, Math.hypot(observation[4], observation[5]) - 0.1);
    expect(reward).toBeCloseTo(0.1 ** (outside * outside), 12);
  });

  it('trains and is evaluated over whole episodes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harness-'));
    const words = ['train', 'random', example, '--steps', '450', '--evaluation-episodes', '1', '--quiet'];
    expect(await builtCommand(folder, ...words, '--out', 'puck')).toMatchObject({ code: 0, stderr: '' });
    const rows = readFileSync(join(folder, 'results/puck/evaluations.csv'), 'utf8').trim().split('\n');
    expect(rows.at(-1)).toMatch(/^puck-glide,random,0,450,0,.*,200,/);
  });

  it('may be a function, also one that takes its time', async () => {
    const file = changed('export default class GlidingPuck', 'class GlidingPuck');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nexport default async () => new GlidingPuck();\n`);
    expect((await make(file)).task).toBe('puck-glide');
  });

  it('is listed with its sizes', async () => {
    const { stdout } = await builtCommand(tmpdir(), 'tasks', example, '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { task: 'puck-glide', observationSize: 6, actionSize: 2, episodeLength: 200 },
    ]);
  });

  it('has no MuJoCo simulation for a trace to look into, and says so', async () => {
    const { code, stderr } = await builtCommand(tmpdir(), 'trace', '--task', example);
    expect([code, stderr]).toEqual([2, 'harness: puck-glide has no MuJoCo simulation to look into\n']);
  });
});

describe('a class that is not quite an Environment', () => {
  const faulty: [string, string | RegExp, string, RegExp][] = [
    ['lacks methods', /setState\(/, 'restore(', /mine\.ts: an Environment needs the method setState\(\)$/],
    ['has another name', "'puck-glide'", "'Puck'", /mine\.ts: task must be a name domain-task.*found "Puck"/],
    [
      'throws when made',
      'private steps = 0;',
      'private steps = JSON.parse("{");',
      /mine\.ts: an environment cannot be made: /,
    ],
    [
      'has sizes that do not add up',
      'size: 6,',
      'size: 5,',
      /parts hold 6 numbers, observationSpec\.size is 5$/,
    ],
    ['has parts with gaps', 'offset: 4', 'offset: 5', /observationSpec\.parts\[2\] must be .*offset: 4/],
    [
      'has bounds of its own',
      'Float64Array.of(1, 1)',
      'Float64Array.of(2, 2)',
      /actionSpec\.high must be a Float64Array of 2 times 1: agents act in \[-1, 1\]/,
    ],
    [
      'has no length',
      'episodeLength = 200',
      'episodeLength = 0',
      /episodeLength must be a whole number above 0, found 0$/,
    ],
    [
      'observes too little',
      '...this.velocity, ',
      '',
      /puck-glide: reset\(\) returned an observation of 4 numbers; observationSpec\.size is 6$/,
    ],
    [
      'observes a list',
      'Float64Array.of(...this.position, ...this.velocity, ...toMark)',
      '[...this.position] as never',
      /reset\(\) returned an Array as observation; expected a Float64Array$/,
    ],
    [
      'gives no discount',
      ', discount: 1 }',
      ' } as never',
      /reset\(\) returned discount undefined; expected 0 at a true end/,
    ],
    [
      'rewards NaN',
      'tolerance(this.distance(), ON_THE_MARK)',
      'NaN',
      /puck-glide: the reward is NaN at step 1$/,
    ],
    [
      'observes infinity',
      '...toMark)',
      '...toMark.map(() => 1 / this.steps))',
      /puck-glide: observation 'to_mark' is Infinity at a reset$/,
    ],
    [
      'does not end',
      'this.steps >= this.episodeLength',
      'false',
      /the episode goes on after step 200, its episodeLength/,
    ],
    ['throws in a step', 'this.steps++;', 'null.steps++;', /puck-glide: step\(\) threw at step 1: .*null/],
    [
      'saves what JSON cannot hold',
      'position: [...position]',
      'position: Float64Array.from(position)',
      /puck-glide: state\(\)\.position is a Float64Array; expected plain JSON/,
    ],
    [
      'saves itself',
      'position: [...position]',
      'position: [...position], around: (() => { const all: unknown[] = []; all.push(all); return all; })()',
      /puck-glide: state\(\)\.around\[0\] is an object that it lies in, which JSON cannot hold/,
    ],
    [
      'is no class',
      'export default class',
      'export default 3; class',
      /mine\.ts: the default export must be a domain\(\.\.\.\), one of its tasks, or a class/,
    ],
  ];
  it.each(faulty)('%s', async (_, from, to, message) => {
    const use = async () => {
      const environment = await make(changed(from, to));
      environment.reset(0);
      for (let step = 0; step < 200; step++) environment.step([0, 0]);
      environment.state();
    };
    const error = await use().then(
      () => new Error('nothing was wrong'),
      (thrown: Error) => thrown,
    );
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ userFacing: true });
    expect(error.message).not.toContain('\n');
  });

  it('keeps the order of calls, and takes states of its own alone', async () => {
    const environment = await make(example);
    expect(() => environment.step([0, 0])).toThrow('puck-glide: step() before the first reset()');
    environment.reset(0);
    expect(() => environment.step([0])).toThrow('puck-glide: an action has 2 numbers, got 1');
    expect(() => environment.step([0, Number.NaN])).toThrow(
      'action[1] must be in [-1, 1], got NaN at step 1',
    );
    const state = environment.state();
    expect(() => environment.setState({ ...state, task: 'walker-walk' })).toThrow("of task 'walker-walk'");
    for (let step = 0; step < 200; step++) environment.step([0, 0]);
    expect(() => environment.step([0, 0])).toThrow('after the end of the episode');
    environment.setState(state);
    environment.step([0, 0]);
    environment.dispose();
    expect(() => environment.reset()).toThrow('puck-glide: used after dispose()');
  });

  it('is told by check-task in one line, with exit code 2', async () => {
    const { code, stderr } = await builtCommand(tmpdir(), 'check-task', changed(/dispose\(\)/, 'end()'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^harness: .*mine\.ts: an Environment needs the method dispose\(\)\n$/);
  });
});
