import { parseHTML } from 'linkedom';
import { afterEach, expect, it, vi } from 'vitest';
import { Downloads } from '../../playground/downloads.ts';
import { jobOf } from '../../playground/job.ts';
import { runsOf } from '../../playground/settings.ts';
import type { ShownRun } from '../../playground/trainings.ts';

afterEach(() => vi.unstubAllGlobals());

const settings = runsOf({
  ...{ task: 'cartpole-balance', steps: 10, evaluateEvery: 5, evaluationEpisodes: 1, seeds: [0, 1] },
  agents: [{ agent: 'random', preset: 'smoke' }],
});

it('are the same links while their tables grow, in the order of the runs', async () => {
  const { document } = parseHTML('<ul></ul>');
  vi.stubGlobal('document', document);
  const list = document.querySelector('ul') as unknown as HTMLElement;
  const choices = { tasks: [], agents: [], presets: [], options: [], versions: {} };
  const downloads = new Downloads(list, choices, { browser: 'b', cores: 1 });
  const runs = settings.map((run): ShownRun => {
    const place = { folder: `random-${run.seed}`, named: false };
    const none = { step: 0, stepsPerSecond: 0, curve: [], training: [] };
    return { settings: run, place, label: 'random', status: 'running', ...none };
  });
  const links = () => [...list.querySelectorAll('a')];
  const texts = () => Promise.all(links().map(async ({ href }) => (await fetch(href)).text()));
  runs[1].tables = { 'evaluations.csv': 'a', 'training.csv': 'b' };
  downloads.show(runs);
  const before = links();
  expect(before.map(({ download }) => download)).toEqual([
    '2-random-1-evaluations.csv',
    '2-random-1-training.csv',
  ]);
  expect(await texts()).toEqual(['a', 'b']);
  runs[1].tables = { 'evaluations.csv': 'aa', 'training.csv': 'bb' };
  downloads.show(runs);
  expect(links().map((link, i) => link === before[i])).toEqual([true, true]);
  expect(await texts()).toEqual(['aa', 'bb']);

  const tables = { 'evaluations.csv': 'c', 'training.csv': 'd' };
  runs[0].tables = tables;
  runs[0].ended = {
    ...{ settings: settings[0], place: runs[0].place, job: jobOf(settings[0]), status: 'done', step: 10 },
    ...{ wallSeconds: 1, checkpointSeconds: 0, startedAt: 0, endedAt: 1, id: 'x', tables, files: {} },
  };
  downloads.show(runs);
  downloads.show(runs);
  expect([...list.querySelectorAll('.of')].map(({ textContent }) => textContent)).toEqual([
    'random, seed 0',
    'random, seed 1',
  ]);
  expect(links().map(({ textContent }) => textContent)).toEqual([
    ...['evaluations.csv', 'training.csv', 'manifest.json'],
    ...['evaluations.csv', 'training.csv'],
  ]);
  expect(list.querySelectorAll('button')).toHaveLength(1);
  downloads.show([]);
  expect(list.children).toHaveLength(0);
});
