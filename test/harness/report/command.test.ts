/** `harness report` as a user calls it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { reportCommand } from '../../../harness/cli/report.ts';
import { namedFolder } from '../../../harness/files/named-folder.ts';
import { tableColumns } from '../../../harness/results/tables.ts';
import { mean } from '../../../harness/statistics/index.ts';
import { UserError } from '../../../harness/text/errors.ts';
import { madeManifest, makeComparison } from './made-comparison.ts';

let root: string;
let printed: string;
let complained: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'command-'));
  printed = '';
  complained = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complained += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const run = (...words: string[]) => reportCommand().exitOverride().parseAsync(words, { from: 'user' });
const made = { tasks: ['run', 'walk'], agents: ['a', 'b'], seeds: 3, evaluations: 3 };
const scoresFile = (text: string, name = 'scores.csv'): string => {
  const file = join(root, name);
  writeFileSync(file, text);
  return file;
};

describe('harness report of a part', () => {
  const rowsOf = (name: 'summary' | 'pairwise') => JSON.parse(printed)[name] as Record<string, unknown>[];

  it('counts the tasks, agents and steps that were asked for, and leaves the report of the whole alone', async () => {
    const directory = join(root, 'whole');
    makeComparison(directory, { ...made, agents: ['a', 'b', 'c'] });
    await run(directory, '--quiet');
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    await run(directory, '--tasks', 'walk', '--agents', 'a,c', '--until', '12k', '--json');
    expect(rowsOf('summary').map(({ task, agent, step }) => [task, agent, step])).toEqual([
      ['walk', 'a', 10_000],
      ['walk', 'c', 10_000],
    ]);
    expect(rowsOf('pairwise')).toHaveLength(2);
    printed = '';
    await run(directory, '--tasks', 'run', '--agents', 'b', '--seeds', '1..2', '--json');
    const rows = readFileSync(join(directory, 'evaluations.csv'), 'utf8').matchAll(/^run,b,[12],15000,.*$/gm);
    const returns = [...rows].map(([row]) => Number(row.split(',')[5]));
    expect(returns).toHaveLength(4);
    expect(rowsOf('summary')).toMatchObject([{ seeds: 2, mean: expect.closeTo(mean(returns), 6) }]);
    printed = '';
    await run(directory, '--until', '5k');
    expect(printed).toContain('ranks first');
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toBe(page);
    await run(directory, '--tasks', 'run', '--out', join(root, 'part'), '--quiet');
    expect(readFileSync(join(root, 'part/summary.csv'), 'utf8')).not.toContain('walk');
  });

  it('takes a suite for its tasks, and says which name is of no run', async () => {
    const tasks = ['walker-walk', 'cheetah-run'];
    const directory = join(root, 'named');
    makeComparison(directory, { ...made, tasks });
    await expect(run(directory, '--tasks', 'rfm8')).rejects.toThrow(/^unknown task 'cartpole-swingup'/);
    await expect(run(directory, '--tasks', 'walker-wolk')).rejects.toThrow(/did you mean 'walker-walk'/);
    await expect(run(directory, '--agents', 'nobody')).rejects.toThrow(
      /^unknown agent 'nobody'; known: a, b/,
    );
    await expect(run(directory, '--seeds', '4')).rejects.toThrow(/^unknown seed '3'; known: 0, 1, 2/);
    await expect(run(directory, '--until', 'soon')).rejects.toThrow(/^--until must be a whole number/);
  });
});

describe('harness report --score-range with names of references', () => {
  const scores = 'task,agent,seed,score\nrun,a,0,300\nrun,a,1,500\nwalk,a,0,-40\nwalk,a,1,-60\n';
  const published =
    'task,agent,score\nrun,random,100\nrun,human,900\nwalk,random,-100\nwalk,human,0\nhop,human,3\n';
  const report = (references: string, ...words: string[]) =>
    run('--scores', scoresFile(scores), '--references', scoresFile(references, 'published.csv'), ...words);

  it('counts their scores of each task as 0 and 1', async () => {
    await report(published, '--score-range', 'random,human', '--json');
    const mean = JSON.parse(printed).aggregate.find((row: { metric: string }) => row.metric === 'mean');
    // (300 - 100) / 800, (500 - 100) / 800, (-40 + 100) / 100, (-60 + 100) / 100
    expect(mean.value).toBeCloseTo((0.25 + 0.5 + 0.6 + 0.4) / 4, 12);
  });

  it('lets the range of one task stand beside', async () => {
    await report(published, '--score-range', 'random,human', '--score-range', 'walk=-60,-40', '--json');
    const mean = JSON.parse(printed).aggregate.find((row: { metric: string }) => row.metric === 'mean');
    expect(mean.value).toBeCloseTo((0.25 + 0.5 + 1 + 0) / 4, 12);
  });

  it('needs none of a task whose range is given', async () => {
    const ofRun = 'task,agent,score\nrun,random,100\nrun,human,900\n';
    await report(ofRun, '--score-range', 'random,human', '--score-range', 'walk=-60,-40', '--json');
    const mean = JSON.parse(printed).aggregate.find((row: { metric: string }) => row.metric === 'mean');
    expect(mean.value).toBeCloseTo((0.25 + 0.5 + 1 + 0) / 4, 12);
  });

  it.each([
    [published, 'random,humann', "unknown reference 'humann'; did you mean 'human'?"],
    [published, 'human,random', 'on run the score of human (900) is not below that of random (100)'],
    ['task,agent,score\nrun,random,1\nrun,human,2\n', 'random,human', 'no score of random on walk'],
    [`${published}run,human,950\n`, 'random,human', '2 scores of human on run'],
  ])('says what is wrong with %j and %s', async (references, range, line) => {
    await expect(report(references, '--score-range', range)).rejects.toThrow(line);
  });

  it('needs the references', async () => {
    await expect(run('--scores', scoresFile(scores), '--score-range', 'random,human')).rejects.toThrow(
      '--score-range random,human: expected two numbers LOW,HIGH; names are of harness report --references FILE',
    );
  });
});

describe('harness report', () => {
  it('rebuilds a directory in place', async () => {
    makeComparison(root, made);
    await run(root);
    for (const name of [...Object.keys(tableColumns).map((table) => `${table}.csv`), 'report.html']) {
      expect(existsSync(join(root, name)), name).toBe(true);
    }
    expect(printed).toMatch(/report\.html$/m);
    const before = readFileSync(join(root, 'report.html'), 'utf8');
    await run(root);
    expect(readFileSync(join(root, 'report.html'), 'utf8')).toBe(before);
  });

  it('prints long names shortened, so that lines stay lines', async () => {
    const file = scoresFile(`task,agent,seed,score\nhop,${'x'.repeat(300)},0,1\nhop,"b\nc",0,0.5\n`);
    await run('--scores', file);
    expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThan(120);
    expect(printed).toMatch(/^x{39}… .*\n(b c) /m);
  });

  it('--json prints the tables as rows with the columns of the CSVs, and writes nothing', async () => {
    const file = scoresFile('task,agent,seed,score\nhop,a,0,0.25\nhop,a,1,0.5\nhop,a,2,0.75\nhop,b,0,0.5\n');
    await run('--scores', file, '--score-range', '0,1', '--json');
    const tables = JSON.parse(printed);
    expect(Object.keys(tables)).toEqual(['summary', 'aggregate', 'pairwise', 'profiles']);
    for (const [name, columns] of Object.entries(tableColumns)) {
      for (const row of tables[name]) expect(Object.keys(row)).toEqual([...columns]);
    }
    expect(tables.summary[1]).toMatchObject({
      agent: 'b',
      mean: 0.5,
      sd: null,
      step: null,
      flag: 'fewer_than_3_seeds',
    });
    expect(complained).toMatch(/^note: .*fewer than three seeds/);
    expect(existsSync(join(root, 'summary.csv'))).toBe(false);
  });

  it('joins directories and several files of scores', async () => {
    makeComparison(join(root, 'first'), made);
    const more = ['c', 'd'].map((agent) =>
      scoresFile(
        `task,agent,seed,score\nrun,${agent},0,500\nrun,${agent},1,600\nwalk,${agent},0,700\n`,
        `${agent}.csv`,
      ),
    );
    const out = join(root, 'joined');
    await run('--scores', more[0], '--scores', more[1], join(root, 'first'), '--out', out);
    const summary = readFileSync(join(out, 'summary.csv'), 'utf8');
    expect(summary.split('\n').map((line) => line.split(',').slice(0, 2).join())).toEqual([
      'task,agent',
      ...['run', 'walk'].flatMap((task) => ['a', 'b', 'c', 'd'].map((agent) => `${task},${agent}`)),
      '',
    ]);
  });

  describe('of two tasks in other units', () => {
    const rows = [
      'hop,a,0,-100',
      'hop,a,1,-50',
      'hop,b_2,0,-150',
      'hop,b_2,1,-200',
      'run,a,0,0.5',
      'run,a,1,0.5',
    ];
    const text = `task,agent,seed,score\n${rows.join('\n')}\n`;

    it('--score-range TASK=LOW,HIGH says what counts as 0 and 1 on one of them', async () => {
      await run(
        '--scores',
        scoresFile(text),
        '--score-range',
        '0,1',
        '--score-range',
        'hop=-200,0',
        '--json',
      );
      const mean = (agent: string) =>
        JSON.parse(printed).aggregate.find(
          (row: Record<string, unknown>) => row.agent === agent && row.metric === 'mean',
        ).value;
      expect(mean('a')).toBeCloseTo((0.625 + 0.5) / 2, 12); // -75 is 0.625 of the way from -200 to 0
      expect(mean('b_2')).toBeCloseTo(0.125, 12);
      expect(complained).not.toMatch(/outside the score range/);
    });

    it('the name of no task ends with one line', async () => {
      const words = ['--scores', scoresFile(text), '--score-range', 'hpo=0,1'];
      await expect(run(...words)).rejects.toThrow(/--score-range: unknown task 'hpo'; did you mean 'hop'\?/);
    });

    it('--markdown prints a table', async () => {
      await run('--scores', scoresFile(text), '--score-range', 'hop=-200,0', '--markdown');
      const [head, line, hop, running, iqm] = printed.split('\n');
      expect([head, line]).toEqual(['| task | a | b\\_2 |', '| --- | ---: | ---: |']);
      // t(0.975, 1) = 12.706, sd = 50 / √2, n = 2.
      expect(hop).toBe('| hop | **−75.00 \\[−392.7, 242.7\\]** | −175.0 \\[−492.7, 142.7\\] |');
      expect(running).toBe('| run | **0.500 \\[0.500, 0.500\\]** | – |');
      // Of different tasks: neither is the best. The kept runs of a are alike, though its runs are not: no interval.
      expect(iqm).toMatch(/^\| IQM, normalised \| 0\.500 \| 0\.125 [^*]* \|$/);
    });

    it('--latex prints one for booktabs', async () => {
      await run('--scores', scoresFile(text), '--score-range', 'hop=-200,0', '--latex');
      expect(printed).toContain('\\begin{tabular}{lrr}');
      expect(printed).toContain('  task & a & b\\_2 \\\\\n');
      expect(printed).toContain(
        '  hop & \\textbf{$-$75.00 [$-$392.7, 242.7]} & $-$175.0 [$-$492.7, 142.7] \\\\\n',
      );
      expect(printed).toContain('  run & \\textbf{0.500 [0.500, 0.500]} & -- \\\\\n');
      expect(printed).toContain('\\caption{Mean return over seeds with its 95 \\% interval, and');
      expect(printed).toContain('over all tasks');
      const names = 'task,agent,seed,score\n[a]*,<b|c>,0,1\n[a]*,<b|c>,1,2\nd,<b|c>,0,7\nd,<b|c>,1,9\n';
      await run('--scores', scoresFile(names), '--latex');
      expect(printed).toContain('  task & \\textless{}b\\textbar{}c\\textgreater{} \\\\\n');
      expect(printed).toContain('  {}[a]* & ');
      for (const rule of ['toprule', 'midrule', 'bottomrule', 'end{tabular}'])
        expect(printed).toContain(`\\${rule}`);
    });
  });

  it('every table says what was run: preset, steps and seeds', async () => {
    const manifest = madeManifest('told');
    makeComparison(join(root, 'told'), { ...made, seeds: 3, evaluations: 2, manifest });
    await run(join(root, 'told'), '--markdown');
    expect(printed).toMatch(/over all tasks: preset laptop, 10k steps, 3 seeds\.\n$/);
    printed = '';
    await run(join(root, 'told'), '--latex');
    expect(printed).toMatch(/\\caption\{[^}]*: preset laptop, 10k steps, 3 seeds\.\}/);
    printed = '';
    await run(join(root, 'told'));
    expect(printed).toMatch(/^preset laptop, 10k steps, 3 seeds$/m);
    expect(readFileSync(join(root, 'told/report.html'), 'utf8')).toContain(
      'over all tasks: preset laptop, 10k steps, 3 seeds.',
    );
    printed = '';
    await run(join(root, 'told'), '--until', '5000');
    expect(printed).toMatch(/^preset laptop, 5k steps, 3 seeds$/m);
  });

  it('says which agents made no update', async () => {
    const config = { preset: 'laptop', batchSize: 256, randomSteps: 10_000, updatesPerStep: 1 };
    const agents = [{ label: 'sac', preset: 'laptop', config }];
    const manifest = { ...madeManifest('short'), config: { agents, steps: 10_000 } };
    makeComparison(join(root, 'short'), { ...made, agents: ['sac'], manifest });
    await run(join(root, 'short'));
    const line = 'sac makes no update: its first 10,000 steps are random';
    expect(printed).toContain(`note: ${line} (more --steps, or --set sac.randomSteps=…)`);
    expect(readFileSync(join(root, 'short/report.html'), 'utf8')).toContain(`<p class="notice">${line}`);
  });

  it('a bare name is one under results/ if it is there, else a path', () => {
    makeComparison(join(root, 'first'), made);
    expect(namedFolder('first', root)).toBe(join(root, 'first'));
    for (const name of ['.', '..', 'second', './first', join(root, 'first')])
      expect(namedFolder(name, root)).toBe(name);
    expect(namedFolder('first/runs', root)).toBe('first/runs');
    mkdirSync(join(root, 'first', 'runs'));
    expect(namedFolder('first/runs', root)).toBe(join(root, 'first', 'runs'));
  });

  it('does not write over another report unless told to', async () => {
    makeComparison(join(root, 'first'), made);
    makeComparison(join(root, 'second'), made);
    await run(join(root, 'first'));
    const other = ['--out', join(root, 'first')];
    await expect(run(join(root, 'second'), ...other)).rejects.toThrow(
      /summary\.csv exists; give another --out, or --force/,
    );
    await expect(run(join(root, 'second'), ...other)).rejects.toBeInstanceOf(UserError);
    await run(join(root, 'second'), ...other, '--force');
  });

  it.each([
    [[], /nothing to report: give a comparison directory or --scores FILE\.csv/],
    [['no/such'], /no.such: no such directory/],
    [['--scores', 'none.csv'], /none\.csv: no such file/],
    [['--score-range', '1,0'], /expected two numbers LOW,HIGH with LOW below HIGH/],
    [['--score-range', '0,1,2'], /expected two numbers/],
    [['--score-range', ',1'], /expected two numbers/],
    [['--score-range', '=0,1'], /expected TASK=LOW,HIGH/],
    [['--json', '--latex'], /--json and --latex print different things: choose one/],
    [['--resamples', '0'], /expected a whole number from 1/],
    [['--resamples', '1e9'], /expected a whole number from 1/],
    [['--seed', '-1'], /expected a whole number from 0/],
    [['--interval', 'normal'], /Allowed choices are student_t, rliable/],
  ])('%j ends with one line', async (words, message) => {
    await expect(run(...words)).rejects.toThrow(message);
  });
});
