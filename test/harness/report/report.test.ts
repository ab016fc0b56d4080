/** The report from CSVs alone: right numbers, the same bytes, everything escaped, small. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable } from '../../../harness/files/csv.ts';
import { printReport } from '../../../harness/report/print.ts';
import { writeReport } from '../../../harness/report/write.ts';
import { tableColumns } from '../../../harness/results/tables.ts';
import { stabilityMetrics } from '../../../harness/statistics/index.ts';
import { hostileNames, madeManifest, makeComparison } from './made-comparison.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'report-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const bytesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
const small = { resamples: 500 };

/** The ranks in the page's ranking, by agent. */
function ranksOf(page: string): Record<string, string> {
  const rows = Array.from(parseHTML(page).document.querySelectorAll('#ranking tbody tr'));
  return Object.fromEntries(
    rows.map((row) => {
      const [agent, rank] = Array.from(row.children, ({ textContent }) => textContent ?? '');
      return [agent.replace(/ ?†.*/, '').trim(), rank];
    }),
  );
}

describe('tables', () => {
  it('hold what can be worked out by hand', () => {
    const directory = join(root, 'hand');
    makeComparison(directory, { tasks: ['walk'], agents: ['sac'], seeds: 1, evaluations: 1 });
    const rows = [
      'walk,sac,0,100,0,100,1000,10',
      'walk,sac,0,200,0,300,1000,20',
      'walk,sac,1,100,0,200,1000,5',
      'walk,sac,1,200,0,500,1000,10',
      'walk,sac,2,100,0,0,1000,20',
      'walk,sac,2,200,0,1000,1000,40',
      'walk,td3,0,200,0,500,1000,10',
    ];
    const header = 'task,agent,seed,step,episode,return,length,wall_seconds';
    writeFileSync(join(directory, 'evaluations.csv'), `${[header, ...rows].join('\n')}\n`);
    const { tables } = writeReport({ directories: [directory], ...small });
    const [sac, td3] = tables.summary;
    expect(sac).toMatchObject({
      task: 'walk',
      agent: 'sac',
      seeds: 3,
      step: 200,
      mean: 600,
      median: 500,
      iqm: 600,
    });
    expect(sac.sd).toBeCloseTo(Math.sqrt(130_000), 9);
    expect(sac.auc).toBeCloseTo((200 + 350 + 500) / 3, 9);
    expect(sac.steps_per_second).toBeCloseTo((10 + 20 + 5) / 3, 9);
    expect([sac.ci_method, sac.flag]).toEqual(['student_t', '']);
    expect(sac.ci_high).toBeCloseTo(600 + 4.302652729911275 * Math.sqrt(130_000 / 3), 6); // t(0.975, 2)
    expect([sac.worst, sac.collapsed]).toEqual([300, 0]);
    expect(sac.drawdown).toBe(0);
    // √(2 s² / χ²(0.975, 2)), with χ²(p, 2) = -2 ln(1 - p).
    expect(sac.sd_low).toBeCloseTo(Math.sqrt(130_000 / -Math.log(0.025)), 6);
    expect(sac.sd_high).toBeCloseTo(Math.sqrt(130_000 / -Math.log(0.975)), 6);
    expect(td3).toMatchObject({ seeds: 1, mean: 500, sd: undefined, sd_low: undefined, auc: 500 });
    expect([td3.ci_method, td3.ci_low, td3.ci_high]).toEqual([undefined, undefined, undefined]);
    expect(td3.flag).toBe('fewer_than_3_seeds');
    const value = (agent: string, metric: string) =>
      tables.aggregate.find((row) => row.agent === agent && row.metric === metric);
    expect(value('sac', 'mean')).toMatchObject({ value: 0.6, tasks: 1, runs: 3, flag: '' });
    expect(value('sac', 'optimality_gap')?.value).toBeCloseTo(0.4, 12);
    expect(value('td3', 'iqm')).toMatchObject({ value: 0.5, flag: 'fewer_than_3_seeds' });
    expect(value('sac', 'seed_deviation')?.value).toBeCloseTo(Math.sqrt(0.13), 12);
    expect(value('sac', 'worst_seed')).toMatchObject({ value: 0.3, ci_low: undefined });
    expect(value('sac', 'drawdown')).toMatchObject({ value: 0, ci_low: 0 });
    expect(value('td3', 'seed_deviation')).toBeUndefined();
    const [pair] = tables.pairwise;
    expect(pair).toMatchObject({ agent_x: 'sac', agent_y: 'td3', flag: 'fewer_than_3_seeds' });
    expect(pair.probability_of_improvement).toBeCloseTo((0 + 0.5 + 1) / 3, 12);
    const half = tables.profiles.find((row) => row.agent === 'sac' && row.tau === 0.5);
    expect(half?.fraction).toBeCloseTo(1 / 3, 12);
  });

  it("rliable's bootstrap on request", () => {
    const file = join(root, 'three.csv');
    writeFileSync(file, 'task,agent,seed,score\nhop,a,0,1\nhop,a,1,2\nhop,a,2,3\nhop,b,0,2\n');
    const { tables } = writeReport({ scores: [file], interval: 'rliable', ...small });
    const [a, b] = tables.summary;
    // All three resampled runs alike: 1 of 27 each.
    expect([a.ci_method, a.ci_low, a.ci_high]).toEqual(['bootstrap', 1, 3]);
    expect([b.ci_method, b.ci_low, b.ci_high]).toEqual(['bootstrap', 2, 2]);
  });

  it('leave failed runs out, and say so wherever they miss', () => {
    const directory = join(root, 'failed');
    const failed = { task: 'run', agent: 'b', seed: 2, status: 'failed', reason: 'loss is not finite' };
    makeComparison(directory, {
      tasks: ['run', 'walk'],
      agents: ['a', 'b'],
      seeds: 4,
      evaluations: 3,
      manifest: madeManifest('some', [failed]),
    });
    const { tables, warnings } = writeReport({ directories: [directory], ...small });
    expect(tables.summary.map((row) => [row.task, row.agent, row.seeds, row.flag])).toEqual([
      ['run', 'a', 4, ''],
      ['run', 'b', 3, 'failed_runs'],
      ['walk', 'a', 4, ''],
      ['walk', 'b', 4, ''],
    ]);
    expect(new Set(tables.aggregate.map((row) => `${row.agent} ${row.flag}`))).toEqual(
      new Set(['a ', 'b failed_runs']),
    );
    expect(warnings).toContain('failed: run b seed 2: loss is not finite');
  });

  it.each([
    ['as the manifest counts it, whatever its clock said', { wallSeconds: 7500 }, '2 h 5 min'],
    ['from begin to end where there is no count', {}, '3 h 24 min'],
    ['not at all where the clock ran less than one of the runs', { endedAt: '2026-03-01T08:00:10.000Z' }, ''],
  ])('say how long a comparison took, %s', (_, facts, expected) => {
    const directory = mkdtempSync(join(root, 'took-'));
    const run = { task: 'run', agent: 'a', seed: 0, status: 'done', wallSeconds: 3600 };
    const manifest = { ...madeManifest('timed', [run]), ...facts };
    makeComparison(directory, { tasks: ['run'], agents: ['a'], seeds: 3, evaluations: 3, manifest });
    writeReport({ directories: [directory], out: directory, ...small });
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    expect(/<dt>Took<\/dt><dd>(.*?)<\/dd>/.exec(page)?.[1] ?? '').toBe(expected);
  });

  it('name the processor of every session and of every part that was joined once', () => {
    const directory = join(root, 'sessions');
    const another = { cpu: { model: 'Another CPU', cores: 64, memoryGiB: 256 } };
    const made = madeManifest('sessions');
    const merged = [{ cpu: 'Another CPU' }, { cpu: 'Joined CPU' }, { cpu: 'Joined CPU' }];
    const continued = [another, { cpu: made.cpu }, {}, another, { merged }];
    const manifest = { ...made, continued };
    makeComparison(directory, { tasks: ['run'], agents: ['a'], seeds: 3, evaluations: 3, manifest });
    writeReport({ directories: [directory], out: directory, ...small });
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    expect(/<dt>Processor<\/dt><dd>(.*?)<\/dd>/.exec(page)?.[1]).toBe(
      'Example CPU @ 2.5 GHz, 2 cores, 8 GiB of memory; Another CPU, 64 cores, 256 GiB of memory; Joined CPU',
    );
  });

  it('say when tasks are missing and when runs ended at different steps', () => {
    const directory = join(root, 'uneven');
    makeComparison(directory, { tasks: ['run', 'walk'], agents: ['a', 'b'], seeds: 3, evaluations: 3 });
    const file = join(directory, 'evaluations.csv');
    const kept = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('walk,b,') && !line.startsWith('run,a,1,15000'));
    writeFileSync(file, kept.join('\n'));
    const { tables } = writeReport({ directories: [directory], out: directory, ...small });
    const flags = Object.fromEntries(tables.aggregate.map((row) => [row.agent, row.flag]));
    expect(flags).toEqual({ a: 'unequal_steps', b: 'missing_tasks' });
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    expect(page).toContain('Not every agent ran every task');
    expect(ranksOf(page)).toEqual({ a: '–', b: '–' }); // a would be first of one
    expect(page).not.toContain('class="verdict"');
  });

  it('say which agent ended earlier than another', () => {
    const [early, late] = ['early', 'late'].map((agent, i) => {
      const directory = join(root, agent);
      makeComparison(directory, { tasks: ['run'], agents: [agent], seeds: 3, evaluations: 2 + i });
      return directory;
    });
    const directories = [early, late];
    const { tables } = writeReport({ directories, out: join(root, 'early-late'), ...small });
    const flags = tables.summary.map((row) => [row.agent, row.step, row.flag]);
    expect(flags).toEqual([
      ['early', 10_000, 'unequal_steps'],
      ['late', 15_000, ''],
    ]);
  });

  it('rank no agent whose runs have not ended, but those that have', () => {
    const directory = join(root, 'running');
    const runs = ['run', 'walk'].flatMap((task) =>
      ['a', 'b', 'c'].flatMap((agent) =>
        [0, 1, 2].map((seed) => ({ task, agent, seed, status: 'done', steps: 15_000 })),
      ),
    );
    Object.assign(runs[runs.length - 1], { status: 'interrupted', steps: 10_000 });
    const made = { tasks: ['run', 'walk'], agents: ['a', 'b', 'c'], seeds: 3, evaluations: 3 };
    makeComparison(directory, { ...made, manifest: madeManifest('running', runs) });
    const file = join(directory, 'evaluations.csv');
    const begun = readFileSync(file, 'utf8').replaceAll(/^walk,c,2,15000,.*\n/gm, '');
    writeFileSync(file, begun);
    const out = join(root, 'running-report');
    const told = (until?: number) => {
      const report = writeReport({ directories: [directory], out, force: true, until, ...small });
      const flags = Object.fromEntries(report.tables.aggregate.map((row) => [row.agent, row.flag]));
      return { flags, page: readFileSync(join(out, 'report.html'), 'utf8'), text: printReport(report) };
    };
    const now = told();
    expect(now.flags).toEqual({ a: '', b: '', c: 'unequal_steps unfinished_runs' });
    expect(ranksOf(now.page)).toEqual({
      a: expect.stringMatching(/^[12]$/),
      b: expect.stringMatching(/^[12]$/),
      c: '–',
    });
    expect(now.page).toContain('Some runs have not ended');
    expect(now.text.split('\n')[3]).toMatch(/^c .*unfinished_runs\)$/);
    expect(/^(.*) ranks first.*$/m.exec(now.text)?.[0]).not.toMatch(/\bc\b/);
    // At a step that every run has reached nothing is missing.
    const before = told(10_000);
    expect(before.flags).toEqual({ a: '', b: '', c: '' });
    expect(Object.values(ranksOf(before.page)).sort()).toEqual(['1', '2', '3']);
    // A task of which no run has begun is in no table.
    writeFileSync(file, begun.replaceAll(/^walk,.*\n/gm, ''));
    const waiting = runs.map((run) => (run.task === 'walk' ? { ...run, status: 'waiting' } : run));
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(madeManifest('running', waiting)));
    const first = told();
    expect(new Set(Object.values(first.flags))).toEqual(new Set(['unfinished_runs']));
    expect(first.text).not.toContain('ranks first');
    // Nor is an agent: those that are rank, and the page says that something is missing.
    writeFileSync(file, begun.replaceAll(/^\w+,c,.*\n/gm, ''));
    const absent = runs.map((run) => (run.agent === 'c' ? { ...run, status: 'waiting' } : run));
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(madeManifest('running', absent)));
    const two = told();
    expect(two.flags).toEqual({ a: '', b: '' });
    expect(Object.values(ranksOf(two.page)).sort()).toEqual(['1', '2']);
    expect(two.text).toContain('(flag unfinished_runs)');
    expect(two.page).toContain('Some runs have not ended');
  });

  it('take what runs have written themselves while a comparison is at work', () => {
    const directory = join(root, 'at-work');
    const header = 'task,agent,seed,step,episode,return,length,wall_seconds';
    const runs = ['a', 'b'].map((agent) => ({ task: 'run', agent, seed: 0, status: 'done', steps: 20 }));
    const manifest = { ...madeManifest('at-work', runs), status: 'running' };
    makeComparison(directory, { tasks: ['run'], agents: ['a'], seeds: 1, evaluations: 1, manifest });
    // The table is of an earlier session: of b it has the first evaluation alone.
    const rows = ['run,a,0,0,0,1,9,1', 'run,a,0,20,0,5,9,2', 'run,b,0,0,0,1,9,1'];
    writeFileSync(join(directory, 'evaluations.csv'), `${[header, ...rows].join('\n')}\n`);
    const own = join(directory, 'runs/run/b/0');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'evaluations.csv'), `${[header, rows[2], 'run,b,0,20,0,7,9,2'].join('\n')}\n`);
    const { tables } = writeReport({ directories: [directory], ...small });
    expect(tables.summary.map(({ agent, step, mean }) => [agent, step, mean])).toEqual([
      ['a', 20, 5],
      ['b', 20, 7],
    ]);
  });

  it('count a run as done that one directory lacks and another has', () => {
    const parts = ['first', 'second'].map((name, seed) => {
      const directory = join(root, `joined-${name}`);
      const runs = [0, 1].map((other) => ({
        ...{ task: 'run', agent: 'a', seed: other, steps: 15_000 },
        status: other === seed ? 'done' : 'waiting',
      }));
      const made = { tasks: ['run'], agents: ['a'], seeds: 2, evaluations: 3 };
      makeComparison(directory, { ...made, manifest: madeManifest(name, runs) });
      const file = join(directory, 'evaluations.csv');
      const kept = readFileSync(file, 'utf8').replaceAll(new RegExp(`^run,a,${1 - seed},.*\n`, 'gm'), '');
      writeFileSync(file, kept);
      return directory;
    });
    const flags = (directories: string[]) =>
      writeReport({ directories, ...small }).tables.summary.map(({ seeds, flag }) => [seeds, flag]);
    expect(flags(parts)).toEqual([[2, 'fewer_than_3_seeds']]);
    expect(flags(parts.slice(0, 1))).toEqual([[1, 'fewer_than_3_seeds unfinished_runs']]);
  });

  it('a comparison whose runs all failed is still reported', () => {
    const directory = join(root, 'none');
    const failed = { task: 'run', agent: 'b', seed: 0, status: 'failed', reason: 'out of memory' };
    makeComparison(directory, {
      tasks: [],
      agents: [],
      seeds: 0,
      evaluations: 0,
      manifest: madeManifest('x', [failed]),
    });
    writeReport({ directories: [directory], out: directory, ...small });
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    expect(page).toContain('There are no evaluations to report');
    expect(page).toContain('out of memory');
  });

  it('the same agents of two directories can be told apart', () => {
    for (const name of ['one', 'two']) {
      makeComparison(join(root, name), { tasks: ['run'], agents: ['a'], seeds: 3, evaluations: 2 });
    }
    const directories = ['one', 'two'].map((name) => join(root, name));
    expect(() => writeReport({ directories })).toThrow(
      /two.evaluations\.csv, line 2: task 'run', agent 'a', seed 0 again/,
    );
    const { tables } = writeReport({ directories, prefix: true, ...small });
    expect(tables.summary.map((row) => row.agent)).toEqual(['one/a', 'two/a']);
  });

  it('an agent with other settings in another directory is told of, unless it is told apart', () => {
    const agents = (b: string) => [
      { label: 'a', preset: 'smoke', config: { tau: 0.1 } },
      { label: 'b', preset: b, config: {} },
    ];
    const directories = ['smoke', 'paper'].map((b) => {
      const manifest = { ...madeManifest(b), config: { agents: agents(b) } };
      const directory = join(root, `mixed-${b}`);
      makeComparison(directory, { tasks: [b], agents: ['a', 'b'], seeds: 3, evaluations: 2, manifest });
      return directory;
    });
    const out = join(root, 'mixed');
    const line =
      /^b was trained with other settings in mixed-paper than in mixed-smoke \('preset' differs\).*--prefix/;
    const told = (prefix: boolean) =>
      writeReport({ directories, out, prefix, force: true, ...small }).warnings.filter((warning) =>
        warning.includes('trained with other settings'),
      );
    expect(told(false)).toEqual([expect.stringMatching(line)]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('b was trained with other settings');
    expect(told(true)).toEqual([]);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).not.toContain('trained with other settings');
  });
});

describe('scores from elsewhere', () => {
  const reference = JSON.parse(readFileSync(new URL('../../data/rliable-dev.json', import.meta.url), 'utf8'));
  const { scores, aggregates } = reference.cases.main_10x8;

  it('give the numbers of rliable, whatever the range they are in', () => {
    for (const [low, high] of [
      [0, 1],
      [-100, 300],
    ]) {
      const lines = Object.entries(scores as Record<string, number[][]>).flatMap(([agent, runs]) =>
        runs.flatMap((run, seed) =>
          run.map((score, task) => `task${task},${agent},${seed},${low + score * (high - low)}`),
        ),
      );
      const file = join(root, 'reference.csv');
      writeFileSync(file, `task,agent,seed,score\n${lines.join('\n')}\n`);
      const resamples = low === 0 ? 50_000 : 100;
      const { tables } = writeReport({
        ...{ scores: [file], scoreRange: [low, high], resamples },
        interval: 'rliable',
      });
      for (const row of tables.aggregate) {
        if (stabilityMetrics.some((metric) => metric === row.metric)) continue; // rliable has none
        const name = row.metric === 'optimality_gap' ? 'optimality_gap_gamma_1' : String(row.metric);
        const expected = aggregates[String(row.agent)][name];
        expect(row.value).toBeCloseTo(expected.point, 12);
        if (low !== 0) continue; // the intervals come from the same draws
        const errors = expected.mc_se_of_ci_ends.map((se: number) => 6 * Math.SQRT2 * se + 1e-12);
        expect(Math.abs(Number(row.ci_low) - expected.ci[0])).toBeLessThanOrEqual(errors[0]);
        expect(Math.abs(Number(row.ci_high) - expected.ci[1])).toBeLessThanOrEqual(errors[1]);
      }
    }
  });

  it.each([
    ['of a task that is called like a property of objects', 'constructor', '0.5', /^$/],
    ['whose squares would overflow', 'hop', '1e160', /line 2: 1e\+160 of a on hop, seed 0: beyond ±1e\+100$/],
  ])('%s', (_, task, score, complaint) => {
    const file = join(root, 'odd.csv');
    writeFileSync(file, `task,agent,seed,score\n${task},a,0,${score}\n${task},a,1,0.25\n`);
    const told = () => {
      try {
        return writeReport({ scores: [file], ...small }).tables.summary.length === 1 ? '' : 'no row';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(told()).toMatch(complaint);
  });

  it('beyond their range are pointed at', () => {
    const file = join(root, 'beyond.csv');
    writeFileSync(file, 'task,agent,seed,score\nhop,a,0,700\nhop,a,1,800\nhop,a,2,650\n');
    const { warnings } = writeReport({ scores: [file], ...small });
    expect(warnings.join()).toMatch(/lies outside the score range 0,1/);
  });
});

describe('bytes', () => {
  it('do not depend on the order of rows, on the run before, or on where the files are', () => {
    const made = { tasks: ['run', 'walk'], agents: ['b', 'a', 'c10', 'c9'], seeds: 3, evaluations: 4 };
    const [first, second] = ['here', 'there'].map((name) => join(root, 'bytes', name));
    makeComparison(first, { ...made, manifest: madeManifest('same') });
    makeComparison(second, { ...made, manifest: madeManifest('same') });
    const file = join(second, 'evaluations.csv');
    const [header, ...rows] = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, `${[header, ...rows.reverse()].join('\n')}\n`);
    for (const directory of [first, second])
      writeReport({ directories: [directory], out: directory, ...small });
    const [a, b] = [first, second].map(bytesOf);
    delete a['evaluations.csv'];
    delete b['evaluations.csv'];
    expect(Object.keys(a).length).toBeGreaterThan(10);
    expect(b).toEqual(a);
  });

  it('tables have the documented columns', () => {
    const directory = join(root, 'columns');
    makeComparison(directory, { tasks: ['run'], agents: ['a', 'b'], seeds: 3, evaluations: 2 });
    const { tables } = writeReport({ directories: [directory], out: directory, ...small });
    const documented = readFileSync(new URL('../../../docs/results.md', import.meta.url), 'utf8');
    for (const [name, columns] of Object.entries(tableColumns)) {
      const lines = readTable(join(directory, `${name}.csv`), columns);
      expect(lines[0].columns).toEqual([...columns]);
      expect(lines).toHaveLength(tables[name as keyof typeof tables].length);
      for (const column of columns) expect(documented).toContain(`| \`${column}\` |`);
    }
  });
});

describe('the page', () => {
  it('leaves metrics of training out, with a line, where their table cannot be read', () => {
    const directory = join(root, 'unreadable');
    makeComparison(directory, { tasks: ['run'], agents: ['a'], seeds: 3, evaluations: 2 });
    writeFileSync(join(directory, 'training.csv'), 'task,agent,seed,step,loss\nrun,a,0,5,much\n');
    const { warnings, tables } = writeReport({ directories: [directory], out: directory, ...small });
    expect(tables.summary).toHaveLength(1);
    expect(warnings).toEqual([
      expect.stringMatching(/^metrics of training are not shown: .*training\.csv, line 2: 'loss' is 'much'/),
    ]);
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).not.toContain('id="training"');
  });

  it('shows hostile names as text, and loads nothing', () => {
    const directory = join(root, 'hostile');
    const failed = {
      task: '<b>',
      agent: hostileNames[0],
      seed: 1,
      status: 'failed',
      reason: '<img src=x onerror=bad()>',
    };
    makeComparison(directory, {
      tasks: ['<b>task</b>&amp;', 'walker "run"\nsecond', '../../etc/passwd'],
      agents: hostileNames,
      seeds: 2,
      evaluations: 3,
      manifest: {
        ...madeManifest('</title><script>bad()</script>', [failed]),
        config: { a: '</pre><script>bad()' },
      },
    });
    writeReport({ directories: [directory], out: directory, ...small });
    const page = readFileSync(join(directory, 'report.html'), 'utf8');
    const { document } = parseHTML(page);
    expect(Array.from(document.querySelectorAll('script'), ({ id, type }) => [id, type])).toEqual([
      ['data', 'application/gzip'],
      ['', ''],
    ]);
    expect(document.querySelector('#data')?.textContent).toMatch(/^[A-Za-z0-9+/=]+$/);
    expect(document.querySelectorAll('img, link, iframe, b, object, embed')).toHaveLength(0);
    expect(page.match(/<script/g)).toHaveLength(2);
    const links = Array.from(document.querySelectorAll('*')).flatMap((element) =>
      Array.from(element.attributes).filter(({ name }) => /^(?:on|src|href|xlink|action|data$)/.test(name)),
    );
    expect(links.filter(({ value }) => !/^#[a-z0-9-]+$/.test(value)).map(({ name }) => name)).toEqual([]);
    expect(document.querySelector('h1')?.textContent).toBe('</title><script>bad()</script>');
    const plots = readdirSync(join(directory, 'plots'));
    expect(plots).toHaveLength(3 + 4 + 3);
    for (const name of plots) {
      expect(name).toMatch(/^[A-Za-z0-9._-]+\.svg$/);
      const svg = readFileSync(join(directory, 'plots', name), 'utf8');
      expect(svg).not.toMatch(/<(?:script|img|b)\b/);
      expect(svg).not.toContain('var(--');
      expect(svg).toContain('Fewer than three seeds');
    }
    wellFormed(plots.map((name) => join(directory, 'plots', name)));
  });

  it('stays under 3 MB for 28 tasks × 12 agents × 100 evaluations', () => {
    const directory = join(root, 'large');
    makeComparison(directory, {
      tasks: Array.from({ length: 28 }, (_, i) => `domain-task${i}`),
      agents: Array.from({ length: 12 }, (_, i) => `agent${i}`),
      seeds: 3,
      evaluations: 100,
      episodes: 1,
    });
    writeReport({ directories: [directory], out: directory, ...small });
    const size = statSync(join(directory, 'report.html')).size;
    console.log(`report of 28 × 12 × 100: ${(size / 1e6).toFixed(2)} MB`);
    expect(size).toBeLessThan(3e6);
  });

  it('draws published scores as lines', () => {
    const directory = join(root, 'published');
    makeComparison(directory, { tasks: ['run'], agents: ['a'], seeds: 3, evaluations: 3 });
    const file = join(root, 'published.csv');
    writeFileSync(file, 'task,agent,score\nrun,Published <X>,812.5\nother,Y,3\n');
    writeReport({ directories: [directory], out: directory, references: [file], ...small });
    const svg = readFileSync(join(directory, 'plots', 'curve-run.svg'), 'utf8');
    expect(svg).toContain('Published &lt;X&gt; 812.5');
  });
});

/** Files parsed as XML by a parser that forgives nothing, where there is one. */
function wellFormed(files: readonly string[]): void {
  const program = 'import sys, xml.dom.minidom as m; [m.parse(file) for file in sys.argv[1:]]';
  try {
    execFileSync('python3', ['-c', program, ...files], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
}
