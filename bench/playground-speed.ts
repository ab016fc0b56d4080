/**
 * The playground's speed: control steps per second of a run in headless Chromium beside the same run in Node on the same
 * backend, in turn, evaluations included; and when the page paints first, with nothing in the browser's cache. Runs the
 * build.
 *
 *   npx jiti bench/playground-speed.ts [--agent rfm-flow] [--task cartpole-swingup] [--steps 3000] [--rounds 5]
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { parseTable } from '../harness/files/csv-text.ts';
import { median } from '../harness/statistics/index.ts';
import { servePlayground } from '../harness/view/playground.ts';
import { linkOf } from '../playground/settings.ts';

const { values } = parseArgs({
  options: {
    agent: { type: 'string', default: 'rfm-flow' },
    task: { type: 'string', default: 'cartpole-swingup' },
    steps: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '5' },
  },
});
const { agent, task } = values;
const [steps, rounds] = [values.steps, values.rounds].map(Number);
const training = { task, steps, evaluateEvery: steps, evaluationEpisodes: 1 };

/** Steps per second until the last evaluation has been made. */
function speedOf(evaluations: string): number {
  const last = parseTable('evaluations.csv', evaluations, ['step', 'wall_seconds']).at(-1);
  if (last === undefined) throw new Error('no evaluations');
  return last.number('step') / last.number('wall_seconds');
}

async function inNode(): Promise<number> {
  const script = fileURLToPath(new URL('reproducibility/train.mjs', import.meta.url));
  const words = [script, agent, task, steps, steps, 1].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return speedOf((JSON.parse(stdout) as Record<string, string>)['evaluations.csv']);
}

const playground = await servePlayground('127.0.0.1', 0);
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] });
const paints: number[] = [];

async function inChromium(): Promise<number> {
  const context = await browser.newContext({ reducedMotion: 'reduce' }); // with a cache of its own
  const page = await context.newPage();
  const link = linkOf({ ...training, agents: [{ agent, preset: 'smoke' }], seeds: [0] });
  await page.goto(`${playground.address}#${link}`);
  await page.waitForSelector('#train:not([disabled])');
  paints.push(
    await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    ),
  );
  await page.click('#train');
  await page.waitForFunction(() => document.getElementById('status')?.textContent?.startsWith('Done'), null, {
    timeout: 600_000,
  });
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#downloads a')]);
  const evaluations = readFileSync(await file.path(), 'utf8');
  await context.close();
  return speedOf(evaluations);
}

const ratios: number[] = [];
const speeds: { readonly node: number[]; readonly chromium: number[] } = { node: [], chromium: [] };
for (let round = 0; round < rounds; round++) {
  const node = await inNode();
  const page = await inChromium();
  speeds.node.push(node);
  speeds.chromium.push(page);
  ratios.push(page / node);
  const load = loadavg()[0].toFixed(1);
  console.log(
    `round ${round + 1}: Node ${node.toFixed(1)}, Chromium ${page.toFixed(1)} steps/s, load ${load}`,
  );
}
await browser.close();
await playground.close();
const of = (all: readonly number[], digits: number): string =>
  `${median(all).toFixed(digits)} (${Math.min(...all).toFixed(digits)}-${Math.max(...all).toFixed(digits)})`;
console.log(`${agent} on ${task}, ${steps} steps, medians (smallest-largest of ${rounds} rounds)`);
console.log(`Node ${of(speeds.node, 1)} steps/s, Chromium ${of(speeds.chromium, 1)}, ratio ${of(ratios, 2)}`);
console.log(`first contentful paint ${of(paints, 0)} ms`);
