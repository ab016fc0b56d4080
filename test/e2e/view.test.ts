/// <reference lib="dom.iterable" />
/**
 * The viewer as its user meets it: the command, and its pages in headless Chromium with WebGL drawn in software.
 * The pages are skipped where there is no Chromium (apt-get install chromium).
 */
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeComparison } from '../harness/report/made-comparison.ts';
import { builtCommand } from '../harness/support/command.ts';
import { killGroup, type Started, start, workplace } from './support/command.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const installed = existsSync(executablePath);
if (!installed) console.warn(`SKIPPED: the pages are not looked at, since there is no ${executablePath}`);

let folder: string;

beforeAll(async () => {
  folder = workplace();
  makeComparison(join(folder, 'made'), {
    tasks: ['cartpole-balance', 'cheetah-run'],
    agents: ['rfm-flow', 'sac'],
    seeds: 3,
    evaluations: 6,
  });
  const rollout = await builtCommand(
    folder,
    ...['rollout', '--agent', 'random', '--task', 'cheetah-run', '--episodes', '2', '--steps', '60'],
    ...['--out', 'made/rollouts/random.json', '--page', 'random.html'],
  );
  expect(rollout).toMatchObject({ code: 0, stderr: '' });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts `harness view` and waits for its address. */
async function view(...words: string[]): Promise<{ started: Started; address: string }> {
  const started = start(folder, 'view', ...words, '--port', '0', '--json');
  const address = await new Promise<string>((resolve, reject) => {
    started.child.stdout?.on('data', (text) => resolve(JSON.parse(String(text)).address));
    started.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { started, address };
}

describe('harness view', () => {
  it('ends with 0 at Ctrl-C, also while a connection is open', async () => {
    const { started, address } = await view('made');
    expect((await fetch(address)).status).toBe(200);
    const { hostname, port } = new URL(address);
    const open = connect(Number(port), hostname); // stays open: a server that waits for it never ends
    await once(open, 'connect');
    started.child.kill('SIGINT');
    expect(await started.ended).toMatchObject({ code: 0, stderr: '' });
    open.destroy();
  });

  it('makes a page of the size that docs/view.md tells', () => {
    const told = /It has ([\d.]+) MB for the player/.exec(readFileSync('docs/view.md', 'utf8'));
    expect(statSync(join(folder, 'random.html')).size / 1e6).toBeCloseTo(Number(told?.[1]), 1); // 120 steps
  });

  it('leaves a page that exists', async () => {
    const exists = await builtCommand(
      folder,
      ...['rollout', '--agent', 'random', '--task', 'cheetah-run', '--page', 'random.html'],
    );
    expect(exists).toMatchObject({ code: 2, stderr: 'harness: random.html exists; --force replaces it\n' });
  });
});

describe.skipIf(!installed)('the pages in Chromium', () => {
  let browser: Browser;
  let started: Started;
  let address: string;

  beforeAll(async () => {
    const webgl = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
    const quiet = ['--headless', '--no-sandbox', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath, args: [...quiet, ...webgl] });
    ({ started, address } = await view('made'));
  });

  afterAll(async () => {
    await browser?.close();
    if (started !== undefined) killGroup(started.child);
  });

  /** Opens a page; what it complains about, or asks of anyone but the viewer, is collected. */
  async function open(url: string, width = 500): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 600 } });
    page.setDefaultTimeout(90_000); // pictures drawn in software wait long on a busy machine
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // Software WebGL warns that reading a picture is slow; only screenshots do that.
      if (!message.text().includes('GPU stall')) complaints.push(message.text());
    });
    page.on('request', (request) => {
      const own = [address, 'file:', 'blob:', 'data:'].some((start) => request.url().startsWith(start));
      if (!own) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(url);
    return { page, complaints };
  }

  it.each([1200, 360])(
    'curves have labelled axes, agents hide, nothing overflows at %i px',
    async (width) => {
      const { page, complaints } = await open(address, width);
      await page.waitForSelector('#curves');
      const plots = await page.evaluate(() =>
        [...document.querySelectorAll('svg.plot')]
          .filter((svg) => svg.getBoundingClientRect().width > 0)
          .map((svg) =>
            [...svg.querySelectorAll('[aria-label$="axis label"]')].map((label) => label.textContent),
          ),
      );
      expect(plots).toEqual([0, 1].map(() => ['evaluation return', 'environment steps']));
      const content = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(content).toBeLessThanOrEqual(width);
      const marks = page.locator('#curves svg:visible .series-0').first();
      await page.locator('.legend button').first().click();
      expect(await marks.isVisible()).toBe(false);
      await page.locator('.legend button').first().click();
      expect(await marks.isVisible()).toBe(true);
      expect(await page.locator('#runs tbody tr').count()).toBe(12);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it('keeps at every look what its reader scrolled, stands on and was told', async () => {
    const { page } = await open(address, 400);
    await page.waitForSelector('#runs');
    let looks = 0;
    await page.route('**/comparison', (route) => {
      const row = `<td style="white-space:nowrap">${'wide '.repeat(200)}</td><td>look ${++looks}</td>`;
      const buttons = ['a', 'b'].map((run) => `<button type="button" data-play="${run}">Play</button>`);
      return route.fulfill({
        contentType: 'text/html',
        headers: { etag: `"${looks}"` },
        body: `<span data-status="running"></span><div class="scroll" tabindex="0" aria-label="Runs"><table><tr>${row}</tr></table></div>${buttons.join('')}<a href="report.html">report</a>`,
      });
    });
    await page.route('**/recordings', (route) =>
      route.fulfill({ status: 409, contentType: 'application/json', body: '{"message":"it is too large"}' }),
    );
    const looked = (least: number) =>
      page.waitForFunction(
        (least) => Number(/look (\d+)/.exec(document.body.textContent ?? '')?.[1]) >= least,
        least,
      );
    await looked(1);
    await page.evaluate(() => {
      (document.querySelector('.scroll') as Element).scrollLeft = 150;
    });
    await page.locator('[data-play=b]').click();
    await page.waitForSelector('#fault:not([hidden])');
    for (const focused of ['.scroll', 'a[href="report.html"]', '[data-play=b]']) {
      await page.locator(`#comparison ${focused}`).focus();
      await looked(looks + 1);
      const is = (selector: string) => document.activeElement?.matches(selector);
      expect(await page.evaluate(is, focused)).toBe(true);
    }
    expect(await page.evaluate(() => document.querySelector('.scroll')?.scrollLeft)).toBe(150);
    expect(await page.locator('#fault').textContent()).toBe('it is too large');
    await page.close();
  });

  it('MuJoCo replays a rollout in the browser: a picture that moves, scrubbing, episodes, cameras', async () => {
    const { page, complaints } = await open(address);
    await page.locator('#rollouts a').click();
    await page.waitForSelector('#player[data-ready]');
    await checkPlayer(page);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('the page of a rollout shows the same without a server, and fits a phone', async () => {
    const file = join(folder, 'random.html');
    expect(readFileSync(file).length).toBeLessThan(2e6);
    const { page, complaints } = await open(`${pathToFileURL(file).href}#paused`, 360);
    await page.waitForSelector('#player[data-ready]');
    await checkPlayer(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

/** Whether a player draws, and does what its controls say. */
async function checkPlayer(page: Page): Promise<void> {
  const scrub = page.getByLabel('Control step', { exact: true });
  const readout = page.locator('.readout');
  const seek = (frame: number) => scrub.fill(String(frame));
  await seek(0);
  expect(await readout.textContent()).toMatch(/^step 0 of 60, 0\.00 s/);
  const first = await colours(page);
  expect(first.distinct).toBeGreaterThan(20); // a blank picture has one
  await seek(60);
  expect(await readout.textContent()).toMatch(/^step 60 of 60, 0\.60 s, return /);
  const last = await colours(page);
  expect(last.text).not.toBe(first.text);
  await page.getByLabel('Camera', { exact: true }).selectOption('back');
  expect((await colours(page)).text).not.toBe(last.text);
  await page.getByLabel('Episode', { exact: true }).selectOption('1');
  expect(await readout.textContent()).toMatch(/^step 0 of 60/);
  await page.getByLabel('Speed', { exact: true }).selectOption('4');
  await page.locator('.play').click();
  await page.waitForFunction(() => document.querySelector('.readout')?.textContent?.startsWith('step 60 '));
  expect(await page.locator('.play').textContent()).toBe('Play');
}

/** The canvas as a few pixels: how many colours there are, and all of them as text. */
function colours(page: Page): Promise<{ distinct: number; text: string }> {
  return page.evaluate(() => {
    const canvas = document.querySelector('.stage canvas') as HTMLCanvasElement;
    const small = new OffscreenCanvas(64, 48);
    const context = small.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(canvas, 0, 0, 64, 48);
    const { data } = context.getImageData(0, 0, 64, 48);
    const pixels = Array.from({ length: 64 * 48 }, (_, i) => data.slice(4 * i, 4 * i + 3).join());
    return { distinct: new Set(pixels).size, text: pixels.join(' ') };
  });
}
