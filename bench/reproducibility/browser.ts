/**
 * Trains in a browser without a window, in the playground, and prints the run's tables as JSON. Needs Debian's chromium
 * or firefox-esr; for Firefox Node 22, or Node 20 with NODE_OPTIONS=--experimental-websocket. Runs the build.
 *
 *   npx jiti bench/reproducibility/browser.ts chromium|firefox AGENT TASK STEPS [EVALUATE_EVERY EPISODES]
 */
import { readFileSync } from 'node:fs';
import { servePlayground } from '../../harness/view/playground.ts';
import { browsers } from '../browsers/index.ts';
import { type Browser, waitFor } from '../browsers/page.ts';

/** A day, in ms. */
const LONGEST = 24 * 3600 * 1000;

const [name, agent, task, steps, every = String(Number(steps) / 5), episodes = '2'] = process.argv.slice(2);
const kind = browsers.find((browser) => browser.name.toLowerCase() === name);
if (kind === undefined)
  throw new Error(
    `a browser is one of ${browsers.map((known) => known.name.toLowerCase()).join(', ')}, not ${name}`,
  );
const settings = { task, steps, evaluateEvery: every, evaluationEpisodes: episodes, seeds: '0' };
const link = new URLSearchParams({ ...settings, agent: `${agent} smoke` });

async function train(browser: Browser, address: string): Promise<Record<string, string>> {
  const page = await browser.open();
  await page.goto(address);
  await page.click('#train');
  const says = (end: string) => new RegExp(end).test(document.getElementById('status')?.textContent ?? '');
  await waitFor(page, says, ['^(Done|Stopped|Failed|The training)'], LONGEST);
  const tables: Record<string, string> = {};
  for (const table of ['evaluations.csv', 'training.csv']) {
    const { path } = await page.download(`#downloads a[download="${table}"]`);
    tables[table] = readFileSync(path, 'utf8');
  }
  return tables;
}

const playground = await servePlayground('127.0.0.1', 0);
try {
  const browser = await kind.start();
  try {
    console.log(JSON.stringify(await train(browser, `${playground.address}#${link}`)));
  } finally {
    await browser.close();
  }
} finally {
  await playground.close();
}
