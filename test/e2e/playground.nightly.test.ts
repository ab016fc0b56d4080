/**
 * What the playground's reader waits for: with the page's own settings RFM learns. Minutes, so no test for every change;
 * it tells the seconds of the page's clock. Each browser is skipped where it is not installed.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browsers } from '../../bench/browsers/index.ts';
import type { Browser } from '../../bench/browsers/page.ts';
import { parseEvaluations, type Run } from '../../harness/results/runs.ts';
import { type Playground, servePlayground } from '../../harness/view/playground.ts';
import { openTraining, says } from './support/playground.ts';

describe.each(browsers)('the playground in $name', ({ name, executablePath, installed, start }) => {
  if (!installed) console.warn(`SKIPPED: nothing is trained in ${name}, since there is no ${executablePath}`);
  let browser: Browser;
  let playground: Playground;

  beforeAll(async () => {
    if (!installed) return;
    playground = await servePlayground('127.0.0.1', 0);
    browser = await start();
  });

  afterAll(async () => {
    await browser?.close();
    await playground?.close();
  });

  async function train(link: string): Promise<Run> {
    const page = await openTraining(browser, playground.address, link);
    await page.click('#train');
    await says(page, /^Done/, 1_200_000);
    const file = await page.download('#downloads a');
    await page.close();
    const [run] = parseEvaluations(file.name, readFileSync(file.path, 'utf8'));
    return run;
  }

  it.skipIf(!installed)('learns above random with the settings that it opens with', async () => {
    const random = await train(
      'task=cartpole-balance&steps=10&evaluateEvery=1&evaluationEpisodes=5&agent=random+smoke',
    );
    const best = Math.max(...random.evaluations.map(({ meanReturn }) => meanReturn));
    const learned = await train('task=cartpole-balance&agent=rfm-flow+smoke');
    const first = learned.evaluations.find(({ meanReturn }) => meanReturn > best);
    console.info(`${name}: random at best ${best.toFixed(0)}; above it: ${JSON.stringify(first)}`);
    expect(learned.evaluations.at(-1)?.meanReturn).toBeGreaterThan(best);
  });
});
