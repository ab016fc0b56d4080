/** What counts as 0 and 1: as options say, as the manifest kept it, as the task tells. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ReportOptions, writeReport } from '../../../harness/report/write.ts';
import { workplace } from '../../e2e/support/command.ts';

/** Returns of the seeds of each task, by agent. */
type Returns = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

function comparison(returns: Returns, manifest: object = {}): string {
  const folder = workplace();
  const rows = Object.entries(returns).flatMap(([task, agents]) =>
    Object.entries(agents).flatMap(([agent, scores]) =>
      scores.map((score, seed) => `${task},${agent},${seed},100,0,${score},10,1,0`),
    ),
  );
  const header = 'task,agent,seed,step,episode,return,length,wall_seconds,unstable';
  writeFileSync(join(folder, 'evaluations.csv'), `${[header, ...rows].join('\n')}\n`);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ name: 'made', ...manifest }));
  return folder;
}

const report = (folder: string, options: ReportOptions = {}) =>
  writeReport({ directories: [folder], ...options });

/** The mean over tasks of an agent's normalised scores, and over how many tasks. */
function mean(folder: string, options: ReportOptions = {}, agent = 'a') {
  const { aggregate } = report(folder, options).tables;
  const row = aggregate.find((each) => each.agent === agent && each.metric === 'mean');
  return [row?.value, row?.tasks];
}

const tasks = (...list: object[]) => ({ config: { tasks: list } });
const short = { 'my-hop': { a: [100, 100] } };

describe('a score of 1', () => {
  it('is the return of a reward of 1 in every step of an episode', () => {
    const folder = comparison(short, tasks({ name: 'my-hop', episodeLength: 200 }));
    expect(mean(folder)).toEqual([0.5, 1]);
    expect(mean(comparison({ 'walker-walk': { a: [500, 500] } }))).toEqual([0.5, 1]);
  });

  it('is what the task tells, unless the manifest keeps what an option said, unless an option says', () => {
    const told = tasks({ name: 'my-hop', episodeLength: 200, scoreRange: [-100, 300] });
    expect(mean(comparison(short, told))).toEqual([0.5, 1]);
    const kept = { ...told, reporting: { scoreRange: [0, 400] } };
    expect(mean(comparison(short, kept))).toEqual([0.25, 1]);
    const ofTask = { ...kept, reporting: { ...kept.reporting, taskRanges: { 'my-hop': [0, 125] } } };
    expect(mean(comparison(short, ofTask))).toEqual([0.8, 1]);
    expect(mean(comparison(short, ofTask), { scoreRange: [0, 1000] })).toEqual([0.1, 1]);
    expect(mean(comparison(short, ofTask), { taskRanges: { 'my-hop': [50, 150] } })).toEqual([0.5, 1]);
  });

  it('is none where a damaged manifest has none', () => {
    const broken = { ...tasks({ name: 'my-hop', scoreRange: [3, 1] }), reporting: { interval: 'guess' } };
    expect(mean(comparison(short, broken))).toEqual([0.1, 1]);
  });
});

describe('the interval', () => {
  it('is made as the manifest keeps it, unless an option says', () => {
    const folder = comparison(short, { reporting: { interval: 'rliable' } });
    const method = (options: ReportOptions = {}) => report(folder, options).tables.summary[0].ci_method;
    expect([method(), method({ interval: 'student_t' })]).toEqual(['bootstrap', 'student_t']);
  });
});

describe('a task whose returns leave the range that is assumed', () => {
  const returns = {
    'my-cost': { a: [-20, -30, -40], b: [-50, -60, -70] },
    'my-hop': { a: [100, 100, 100], b: [150, 150, 150] },
  };
  const known = { name: 'my-hop', episodeLength: 200 };
  const folder = comparison(returns, tasks({ name: 'my-cost', episodeLength: 200 }, known));

  it('is left out of aggregates and profiles, and a line says so', () => {
    expect(mean(folder)).toEqual([0.5, 1]);
    expect(mean(folder, {}, 'b')).toEqual([0.75, 1]);
    const { warnings, tables } = report(folder);
    expect(warnings).toContain(
      'my-cost is left out of aggregates and profiles: its returns leave 0 to 200, and nothing says what counts as 0 and 1; --score-range my-cost=LOW,HIGH does, or scoreRange in its file',
    );
    expect(tables.profiles.filter(({ agent, fraction }) => agent === 'a' && fraction === 1)).toHaveLength(50);
  });

  it('counts in probabilities of improvement, which need no range', () => {
    const pair = report(folder).tables.pairwise.find(({ agent_x }) => agent_x === 'a');
    expect(pair?.probability_of_improvement).toBe(0.5); // all of one task, none of the other
  });

  it('counts in aggregates where an option or the task says what 0 and 1 are', () => {
    const option = { taskRanges: { 'my-cost': [-130, -10] as const } };
    expect(mean(folder, option)).toEqual([(0.5 + 100 / 120) / 2, 2]);
    expect(report(folder, option).warnings.join()).not.toContain('left out');
    const told = tasks({ name: 'my-cost', scoreRange: [-130, -10] }, known);
    expect(mean(comparison(returns, told))).toEqual([(0.5 + 100 / 120) / 2, 2]);
  });

  it('is not left out where an agent would have nothing left', () => {
    const alone = comparison({ 'my-cost': returns['my-cost'] });
    expect(mean(alone)).toEqual([-0.03, 1]);
    expect(report(alone).warnings.join()).toContain('lies outside the score range 0,1000');
  });
});
