import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { zipSync } from 'three/addons/libs/fflate.module.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORDING_FORMAT } from '../../harness/replay/recording.ts';
import { reportContent } from '../../harness/report/page.ts';
import { writeReport } from '../../harness/report/write.ts';
import { type GivenFile, isWanted } from '../../playground/given-files.ts';
import { openFiles } from '../../playground/opened.ts';
import { madeManifest, makeComparison } from '../harness/report/made-comparison.ts';

const root = mkdtempSync(join(tmpdir(), 'opened-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const first = join(root, 'first');
const second = join(root, 'second');
const failed = { task: 'walker-run', agent: 'td3', seed: 1, status: 'failed', reason: 'loss is not finite' };

beforeAll(() => {
  const made = { tasks: ['walker-run', 'cheetah-run'], seeds: 3, evaluations: 4 };
  makeComparison(first, {
    ...made,
    agents: ['sac', 'td3'],
    manifest: { ...madeManifest('first', [failed]), reporting: { scoreRange: [0, 500] } },
  });
  makeComparison(join(first, 'runs/walker-run/sac/0'), {
    ...made,
    tasks: ['walker-run'],
    agents: ['sac'],
    seeds: 1,
  });
  makeComparison(second, { ...made, agents: ['random'] });
});

/** Every file below a folder that is looked into, as a drop of that folder gives them. */
function dropped(folder: string): GivenFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => relative(root, join(folder, name)))
    .filter(isWanted)
    .map((path) => ({ path, bytes: new Uint8Array(readFileSync(join(root, path))) }));
}

const zipped = (path: string, entries: readonly GivenFile[]): GivenFile => ({
  path,
  bytes: zipSync(Object.fromEntries(entries.map((entry) => [entry.path, entry.bytes]))),
});

const text = (path: string, content: string): GivenFile => ({
  path,
  bytes: new TextEncoder().encode(content),
});

/** What a report of the files shows. */
function shown(files: readonly GivenFile[]) {
  const { report } = openFiles(files);
  if (report === undefined) throw new Error('no report');
  const { summary, sections } = reportContent(report.model);
  return { title: report.model.title, text: `${summary.text}\n${sections.text}` };
}

/** Whether the page of `harness report` shows the same. */
function expectReport(files: readonly GivenFile[], directories: readonly string[]): void {
  const out = mkdtempSync(join(root, 'report-'));
  writeReport({ directories, out, force: true });
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  const { text: content } = shown(files);
  const [summary, sections] = [content.split('<section')[0], content.slice(content.indexOf('<section'))];
  expect(page).toContain(summary.trim());
  expect(page).toContain(sections);
}

describe('files that are dropped', () => {
  it('give the report of harness report, as a folder and as a ZIP, the tables of single runs left out', () => {
    const files = dropped(first);
    expect(files.map(({ path }) => path).sort()).toEqual([
      'first/evaluations.csv',
      'first/manifest.json',
      'first/runs/walker-run/sac/0/evaluations.csv',
      'first/runs/walker-run/sac/0/training.csv',
      'first/training.csv',
    ]);
    expectReport(files, [first]);
    const report = shown(files);
    expect(report.text).toContain('loss is not finite');
    expect(shown([zipped('whatever.zip', files)])).toEqual(report);
    const bare = files.map(({ path, bytes }) => ({ path: path.slice('first/'.length), bytes }));
    expect(shown([zipped('first.zip', bare)])).toEqual(report);
    expect(shown(bare)).toEqual(report);
  });

  it('are joined, if they are of several results, under their own names', () => {
    expectReport([...dropped(first), ...dropped(second)], [first, second]);
    expect(shown(dropped(second)).title).toBe('second');
  });

  it('are known by their headers, and by the names that the page gives to downloads', () => {
    const [table, manifest, training] = ['evaluations.csv', 'manifest.json', 'training.csv'].map((name) =>
      readFileSync(join(first, name), 'utf8'),
    );
    expect(shown([text('evaluations (1).csv', table)]).title).toBe('evaluations (1).csv');
    const downloads = [
      text('1-a-evaluations.csv', table),
      text('1-a-manifest.json', manifest),
      text('1-a-training.csv', training),
    ];
    expect(shown(downloads)).toEqual(shown(dropped(first)));
    const scores = shown([text('published.csv', 'task,agent,seed,score\nhop,a,0,0.5\nhop,a,1,0.7\n')]);
    expect(scores.title).toBe('published.csv');
    expect(scores.text).toContain('0.6');
  });

  it('give recordings, those of a folder of results too', () => {
    const arrays = { qpos: 'AAAAAAAAAAAAAAAAAAAAAA==', rewards: 'AAAAAAAAAAA=', actions: '' };
    const episode = { seed: 0, return: 1, steps: 1, model: { arrays: [], options: [] }, ...arrays };
    const recording = {
      format: RECORDING_FORMAT,
      ...{ task: 'cartpole-balance', agent: 'sac', seed: 0, mode: 'exploit', controlStep: 0.01 },
      model: { xml: '<mujoco/>', files: {} },
      episodes: [episode],
    };
    const file = text('film.json', JSON.stringify(recording));
    expect(openFiles([file])).toEqual({ recordings: [{ name: 'film.json', recording }], lines: [] });
    const inFolder = { ...file, path: 'second/rollouts/film.json' };
    const opened = openFiles(
      [...dropped(second), inFolder, text('second/runs/run.json', '{}')].filter(({ path }) => isWanted(path)),
    );
    expect(opened.recordings.map(({ name }) => name)).toEqual(['film.json']);
    expect(opened.report?.model.title).toBe(basename(second));
    expect(opened.lines).toEqual([]);
    const others = [text('second/rollouts/a.json', '{}'), text('second/rollouts/b.json', '{')];
    const beside = openFiles([...dropped(second), ...others, inFolder]);
    expect(beside.report).toEqual(opened.report);
    expect(beside.recordings.map(({ name }) => name)).toEqual(['film.json']);
    expect(beside.lines).toEqual([
      `second/rollouts/a.json is no recording: its format is not '${RECORDING_FORMAT}'`,
      'second/rollouts/b.json is no recording: it is not JSON',
    ]);
  });

  /** A comparison of three runs, of which one has failed and one waits, killed before it had tables. */
  function killed(name: string): string {
    const directory = join(root, name);
    const [task, agent] = ['walker-run', 'sac'];
    const run = (seed: number, status: string) => ({ task, agent, seed, status });
    const { endedAt: _, ...rest } = madeManifest(name, [
      run(0, 'running'),
      run(1, 'failed'),
      run(2, 'waiting'),
    ]);
    const made = { tasks: [task], agents: [agent], evaluations: 4 };
    makeComparison(join(directory, 'runs', task, agent, '0'), { ...made, seeds: 1 });
    const other = join(directory, 'runs', task, agent, '1');
    makeComparison(other, { ...made, seeds: 1 });
    const table = join(other, 'evaluations.csv');
    writeFileSync(
      table,
      readFileSync(table, 'utf8').replaceAll(`${task},${agent},0,`, `${task},${agent},1,`),
    );
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ ...rest, status: 'running' }));
    return directory;
  }

  it('of a comparison that is running or was killed give the report of what its runs have written', () => {
    const directory = killed('killed');
    expectReport(dropped(directory), [directory]);
    const { report } = openFiles(dropped(directory));
    expect(report?.model.runs.map(({ seed }) => seed)).toEqual(['0']);
    expect(report?.model.unfinished.map(({ seed }) => seed)).toEqual(['0', '2']);

    const again = killed('again');
    makeComparison(again, { tasks: ['walker-run'], agents: ['sac'], seeds: 1, evaluations: 2 });
    expectReport(dropped(again), [again]);
    const [run] = openFiles(dropped(again)).report?.model.runs ?? [];
    expect(run.evaluations).toHaveLength(4);
  });

  it('of a comparison without any evaluation say so', () => {
    const manifest = JSON.stringify({ runs: [{ task: 'a', agent: 'b', seed: 0, status: 'waiting' }] });
    const alone = [text('x/manifest.json', manifest)];
    expect(() => openFiles(alone)).toThrow('x/evaluations.csv is not there');
    expect(openFiles([...alone, ...dropped(second)])).toMatchObject({
      report: { model: { title: 'second' } },
      lines: ['x/evaluations.csv is not there'],
    });
  });

  it('of which two have runs of one name are joined as with --prefix', () => {
    const agents = (files: readonly GivenFile[]) =>
      openFiles(files).report?.model.series.map(({ agent }) => agent);
    const moved = (folder: string) =>
      dropped(second).map(({ path, bytes }) => ({ path: path.replace('second', folder), bytes }));
    expect(agents([...dropped(second), ...moved('third')])).toEqual(['second/random', 'third/random']);
    expect(agents([...moved('a/same'), ...moved('b/same')])).toEqual(['a/same/random', 'b/same/random']);
    expect(agents([...dropped(first), ...dropped(second)])).toEqual(['random', 'sac', 'td3']);
  });

  it('come without what macOS adds to a ZIP', () => {
    const noise = Uint8Array.of(0, 5, 0x16, 7);
    const files = dropped(first);
    const added = ['__MACOSX/first/._evaluations.csv', 'first/.DS_Store', '.DS_Store', '._first'];
    const archive = zipped('first.zip', [...files, ...added.map((path) => ({ path, bytes: noise }))]);
    expect(shown([archive])).toEqual(shown(files));
  });

  it.each([
    [
      [text('picture.png', '\u0089PNG')],
      'picture.png is no table of evaluations and no recording: drop a folder of results, its evaluations.csv, a ZIP of it, or a recording of harness rollout',
    ],
    [
      [text('training.csv', 'task,agent,seed,step,loss\n'), text('manifest.json', '{}')],
      'none of the 2 files is a table of evaluations and no recording: drop a folder of results, its evaluations.csv, a ZIP of it, or a recording of harness rollout',
    ],
    [
      [],
      'there are no files: drop a folder of results, its evaluations.csv, a ZIP of it, or a recording of harness rollout',
    ],
    [[text('a.zip', 'PK nothing')], 'a.zip is no ZIP file that can be read'],
    [[text('a.json', '{')], 'a.json is no recording: it is not JSON'],
    [[text('a.json', '{}')], `a.json is no recording: its format is not '${RECORDING_FORMAT}'`],
    [
      [text('evaluations.csv', 'task,agent\na,b\n')],
      "evaluations.csv, line 1: no column 'seed', 'step', 'episode', 'return'; found task, agent",
    ],
    [
      [text('x/evaluations.csv', 'task,agent,seed,step,episode,return,length\na,b,0,1,0,x,1\n')],
      "x/evaluations.csv, line 2: 'return' is 'x', expected a finite number",
    ],
    [
      [{ path: 'evaluations.csv', bytes: Uint8Array.of(0x61, 0xe9, 0x0a) }],
      'evaluations.csv, line 1: not UTF-8 at byte offset 1 (0xe9); save the file as UTF-8',
    ],
    [
      [text('a.csv', 'task,agent,seed,score\n'), text('a.csv', '')],
      'there are two files a.csv: drop their folders',
    ],
  ])('that cannot be shown end with one line: %#', (files, line) => {
    expect(() => openFiles(files as GivenFile[])).toThrow(
      expect.objectContaining({ message: line, name: 'UserError' }),
    );
  });
});
