/**
 * What the playground's reader waits for: with the page's own settings RFM learns. Minutes, so no test for every change;
 * it tells the seconds of the page's clock. Skipped where there is no Chromium (apt-get install chromium).
 */
import { existsSync, readFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEvaluations, type Run } from '../../harness/results/runs.ts';
import { type Playground, servePlayground } from '../../harness/view/playground.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const installed = existsSync(executablePath);
if (!installed) console.warn(`SKIPPED: nothing is trained in Chromium, since there is no ${executablePath}`);

describe.skipIf(!installed)('the playground in Chromium', () => {
  let browser: Browser;
  let playground: Playground;

  beforeAll(async () => {
    playground = await servePlayground('127.0.0.1', 0);
    browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    await playground?.close();
  });

  async function train(link: string): Promise<Run> {
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    await page.goto(`${playground.address}#${link}`);
    await page.waitForSelector('#train:not([disabled])');
    await page.click('#train');
    await page.waitForFunction(
      () => document.getElementById('status')?.textContent?.startsWith('Done'),
      null,
      {
        timeout: 600_000,
      },
    );
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#downloads a')]);
    const text = readFileSync(await file.path(), 'utf8');
    await page.close();
    const [run] = parseEvaluations(file.suggestedFilename(), text);
    return run;
  }

  it('learns above random with the settings that it opens with', async () => {
    const random = await train(
      'task=cartpole-balance&steps=10&evaluateEvery=1&evaluationEpisodes=5&agent=random+smoke',
    );
    const best = Math.max(...random.evaluations.map(({ meanReturn }) => meanReturn));
    const learned = await train('task=cartpole-balance&agent=rfm-flow+smoke');
    const first = learned.evaluations.find(({ meanReturn }) => meanReturn > best);
    console.info(`random at best ${best.toFixed(0)}; above it: ${JSON.stringify(first)}`);
    expect(learned.evaluations.at(-1)?.meanReturn).toBeGreaterThan(best);
  });
});
