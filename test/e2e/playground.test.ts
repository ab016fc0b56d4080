/// <reference lib="dom.iterable" />
/**
 * The playground as its user meets it: trained in headless Chromium and Firefox, the tables are those of the terminal.
 * Each is skipped where it is not installed (apt-get install chromium firefox-esr).
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import sirv from 'sirv';
import { unzipSync, zipSync } from 'three/addons/libs/fflate.module.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../harness/report/write.ts';
import { linkOf } from '../../playground/settings.ts';
import { makeComparison } from '../harness/report/made-comparison.ts';
import { harness, killGroup, type Outcome, type Started, start, workplace } from './support/command.ts';
import { withoutColumns } from './support/tables.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const installed = existsSync(executablePath);
if (!installed) console.warn(`SKIPPED: nothing is trained in Chromium, since there is no ${executablePath}`);
const firefox = existsSync('/usr/bin/firefox-esr');
if (!firefox) console.warn('SKIPPED: nothing is trained in Firefox, since there is no /usr/bin/firefox-esr');

const folder = workplace();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Learning begins at step 500 of this preset. */
const settings = {
  task: 'cartpole-swingup',
  agent: 'sac',
  preset: 'smoke' as const,
  seed: 3,
  steps: 2000,
  evaluateEvery: 1000,
  evaluationEpisodes: 1,
};
const { agent, preset, seed, ...training } = settings;
const hash = linkOf({ ...training, agents: [{ agent, preset }], seeds: [seed] });

describe('harness playground --out', () => {
  it('writes a site whose addresses are all relative and its own', async () => {
    expect(await harness(folder, 'playground', '--out', 'web/site')).toMatchObject({ code: 0, stderr: '' });
    const site = join(folder, 'web/site');
    expect(readdirSync(site).sort()).toEqual([
      'choices.json',
      'index.html',
      'method-worker.js',
      'method.html',
      'method.js',
      'models.json',
      'mujoco.wasm',
      'old.js',
      'page.js',
      'report.js',
      'results-worker.js',
      'results.html',
      'results.js',
      'style.css',
      'worker.js',
    ]);
    for (const [name, own] of [
      ['index', 'page.js'],
      ['results', 'results.js'],
      ['method', 'method.js'],
    ]) {
      const page = readFileSync(join(site, `${name}.html`), 'utf8');
      const addresses = [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
      expect(addresses).toEqual(expect.arrayContaining([own, 'style.css']));
      for (const address of addresses) expect(address).toMatch(/^(?:[\w-]+\.\w+|#\w+|data:,|\.\/)$/);
      expect(page).toContain("script-src 'self' 'wasm-unsafe-eval';");
      expect(page).not.toMatch(/unsafe-inline|'unsafe-eval'|<style|style="|\son\w+="/);
    }
    for (const script of readdirSync(site).filter((name) => name.endsWith('.js'))) {
      expect(readFileSync(join(site, script), 'utf8')).not.toMatch(/\bnew Function\(|\beval\(/);
    }
  });
});

/** A manifest without what is a clock's or a machine's: docs/playground.md lists it. */
function alike(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => !/^ {2}"(?:id|startedAt|endedAt|wallSeconds|executor)":/.test(line));
  return lines
    .join('\n')
    .replace(/^ {2}"(?:command|versions|cpu)": [[{]\n[\s\S]*?^ {2}[\]}],?\n/gm, '')
    .replace(/^ {6}"(?:wallSeconds|checkpointSeconds)": .*\n/gm, '');
}

/** Learning begins at step 500 of this preset. */
const alone = [
  ...['train', 'rfm-flow', 'cartpole-balance', '--preset', 'smoke', '--seed', '0', '--steps', '600'],
  ...['--evaluate-every', '600', '--evaluation-episodes', '1', '--backend', 'wasm', '--threads', '1'],
];
let trained: Promise<Outcome> | undefined;

/** A table of that command, without the clock's column. */
async function byTerminal(table: string): Promise<string> {
  trained ??= harness(folder, ...alone, '--quiet');
  expect(await trained).toMatchObject({ code: 0 });
  const text = readFileSync(join(folder, 'results/rfm-flow-cartpole-balance-0', table), 'utf8');
  return withoutColumns(text, ['wall_seconds']);
}

describe.skipIf(!firefox)('the playground in Firefox', () => {
  it("trains to the terminal's own bytes", async () => {
    const script = fileURLToPath(new URL('../../bench/reproducibility/browser.mjs', import.meta.url));
    const words = [
      '--experimental-websocket',
      script,
      'firefox',
      'rfm-flow',
      'cartpole-balance',
      '600',
      '600',
      '1',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    const tables = JSON.parse(stdout) as Record<string, string>;
    for (const name of ['evaluations.csv', 'training.csv']) {
      expect(tables[name].trim().split('\n').length).toBeGreaterThan(1);
      expect(withoutColumns(tables[name], ['wall_seconds'])).toBe(await byTerminal(name));
    }
  });
});

describe.skipIf(!installed)('the playground in Chromium', () => {
  let browser: Browser;
  let started: Started;
  let plain: Server;
  let addresses: { readonly served: string; readonly static: string };
  const complaints: string[] = [];

  beforeAll(async () => {
    const quiet = ['--headless', '--no-sandbox', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath, args: quiet });
    started = start(folder, 'playground', '--port', '0', '--json');
    const served = await new Promise<string>((resolve, reject) => {
      started.child.stdout?.on('data', (text) => resolve(JSON.parse(String(text)).address));
      started.ended.then(({ stderr }) => reject(new Error(stderr)));
    });
    plain = createServer(sirv(join(folder, 'web')));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as { port: number };
    addresses = { served, static: `http://127.0.0.1:${port}/site/` };
  });

  afterAll(async () => {
    await browser?.close();
    plain?.close();
    if (started !== undefined) killGroup(started.child);
  });

  async function open(address: string, settings = hash): Promise<Page> {
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    page.on('console', (message) => {
      const text = message.text();
      if (!/^\[\.WebGL-\w+\]GL Driver Message .* Performance,/.test(text)) complaints.push(text); // a renderer in software
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${address}#${settings}`);
    await page.waitForSelector('#train:not([disabled])');
    return page;
  }

  const says = (page: Page, pattern: RegExp) =>
    page.waitForFunction(
      (text) => new RegExp(text).test(document.getElementById('status')?.textContent ?? ''),
      pattern.source,
      { timeout: 100_000 },
    );

  /** Within the page: a run of few steps may end before a test can click. */
  const clickOnceItSays = (page: Page, selector: string, pattern: RegExp) =>
    page.evaluate(
      ([button, text]) =>
        new Promise<void>((resolve) => {
          const status = document.getElementById('status') as HTMLElement;
          const observer = new MutationObserver(() => {
            if (!new RegExp(text).test(status.textContent ?? '')) return;
            observer.disconnect();
            document.querySelector<HTMLElement>(button)?.click();
            resolve();
          });
          observer.observe(status, { childList: true });
        }),
      [selector, pattern.source],
    );

  /** What axe finds in light and in dark, as lines; contrast (AA) and names for screen readers are among its rules. */
  async function barriers(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations, passes } = await page.evaluate(() => {
        const { axe } = window as unknown as { axe: typeof import('axe-core') };
        // What a plot consists of is not read out: the plot is an image with a description.
        return axe.run({ exclude: ['svg.plot > *'] }, { resultTypes: ['violations'] });
      });
      expect(passes.map(({ id }) => id)).toEqual(expect.arrayContaining(['color-contrast', 'label']));
      for (const { id, nodes } of violations)
        found.push(...nodes.map(({ target }) => `${colorScheme}: ${id} at ${target.join(' ')}`));
    }
    return found;
  }

  async function download(page: Page, name: string): Promise<string> {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.click(`#downloads a[download="${name}"]`),
    ]);
    return readFileSync(await file.path(), 'utf8');
  }

  it("trains to the terminal's own bytes, across a pause and a reload, under a policy without evaluation of text", async () => {
    const page = await open(addresses.served);
    await page.click('#train');
    await clickOnceItSays(page, '#pause', /^Step [1-9]/);
    await says(page, /^Paused/);
    const taken = () => page.$eval('#progress', (meter) => (meter as HTMLProgressElement).value);
    await page.waitForTimeout(300); // the step at hand, or an evaluation's, still ends
    const before = await taken();
    await page.waitForTimeout(600);
    expect(await taken()).toBe(before);
    await page.reload(); // what is kept is that of the pause, or of before the evaluation at hand
    await page.waitForSelector('#resume');
    expect(await page.textContent('#offer p')).toMatch(/stands at step [1-9]/);
    await page.click('#resume');
    await says(page, /^Done at step 2.000\.$/);
    const rows = await page.$$eval('#returns tr', (all) => all.map((row) => row.children[1]?.textContent));
    expect(rows).toEqual(['0', '1000', '2000']);
    expect(await page.$eval('#curves svg', (svg) => svg.getAttribute('aria-label'))).toMatch(
      /^Learning curves/,
    );

    const [program, ...words] = ((await page.textContent('#command')) ?? '').split(' ');
    expect(program).toBe('harness');
    expect(await harness(folder, ...words, '--quiet')).toMatchObject({ code: 0 });
    const terminal = join(folder, 'results/sac-cartpole-swingup-3');
    for (const name of ['evaluations.csv', 'training.csv']) {
      const here = readFileSync(join(terminal, name), 'utf8');
      const there = await download(page, name);
      expect(there.trim().split('\n').length).toBeGreaterThan(1);
      expect(withoutColumns(there, ['wall_seconds'])).toBe(withoutColumns(here, ['wall_seconds']));
    }
    const here = readFileSync(join(terminal, 'manifest.json'), 'utf8');
    const there = await download(page, 'manifest.json');
    expect(alike(there)).toBe(alike(here));

    const [archive] = await Promise.all([page.waitForEvent('download'), page.click('#downloads button')]);
    expect(archive.suggestedFilename()).toBe('sac-cartpole-swingup-3.zip');
    const unpacked = join(folder, 'unpacked');
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await archive.path())))) {
      mkdirSync(dirname(join(unpacked, name)), { recursive: true });
      writeFileSync(join(unpacked, name), bytes);
    }
    const evaluation = ['eval', '--episodes', '1', '--json'];
    const [ours, theirs] = await Promise.all(
      [join(unpacked, 'sac-cartpole-swingup-3'), terminal].map((results) =>
        harness(folder, ...evaluation, results),
      ),
    );
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.stdout).toBe(theirs.stdout);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('trains four agents side by side, each as it would train alone', async () => {
    const agents = ['rfm-flow', 'sac', 'td3', 'random'].map((name) => `agent=${name}+smoke`);
    const page = await open(
      addresses.static,
      `task=cartpole-balance&steps=600&evaluateEvery=600&evaluationEpisodes=1&seeds=0&${agents.join('&')}`,
    );
    await page.evaluate(() => {
      const runs = document.getElementById('runs') as HTMLTableSectionElement;
      new MutationObserver(() => {
        const training = [...runs.rows].filter((row) => row.lastElementChild?.textContent === 'trains');
        runs.dataset.most = String(Math.max(Number(runs.dataset.most ?? 0), training.length));
      }).observe(runs, { childList: true });
    });
    await page.click('#train');
    const labels = ['rfm-flow', 'sac', 'td3', 'random'].map((name) => `${name}, seed 0`);
    await says(page, /^Done at step 600, 4 runs\.$/);
    expect(await page.getAttribute('#runs', 'data-most')).toBe('4');
    const states = await page.$$eval('#runs tr', (rows) =>
      rows.map((row) => [row.children[0], row.children[6]].map((cell) => cell?.textContent)),
    );
    expect(states).toEqual(labels.map((label) => [label, 'done']));
    const returns = await page.$$eval('#returns tr', (rows) =>
      rows.map((row) => [row.children[0], row.children[1]].map((cell) => cell?.textContent)),
    );
    expect(returns).toEqual(
      labels.flatMap((label) => [
        [label, '0'],
        [label, '600'],
      ]),
    );
    expect(await page.locator('#legend button').count()).toBe(4);
    expect(await barriers(page)).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await barriers(page)).toEqual([]);
    const [command] = ((await page.textContent('#command')) ?? '').split('\n');
    expect(command).toBe(`harness ${alone.join(' ')}`);
    const there = await download(page, '1-rfm-flow-cartpole-balance-0-evaluations.csv');
    expect(withoutColumns(there, ['wall_seconds'])).toBe(await byTerminal('evaluations.csv'));
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows what is dropped on it: the report that harness report makes, a recording; nothing leaves it', async () => {
    const made = join(folder, 'made');
    makeComparison(made, { tasks: ['walker-run'], agents: ['sac', '<b>td3'], seeds: 3, evaluations: 4 });
    writeReport({ directories: [made], out: made });
    const tables = ['evaluations.csv', 'training.csv'].map((name) => {
      return [`made/${name}`, new Uint8Array(readFileSync(join(made, name)))] as const;
    });
    const page = await open(addresses.static);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
    const archive = Buffer.from(zipSync(Object.fromEntries(tables))).toString('base64');
    await page.evaluate((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'made.zip'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, archive);
    await page.waitForURL('**/results.html');
    await page.waitForSelector('#report #method');
    const texts = () => page.$$eval('.facts, nav, section table', (all) => all.map((one) => one.textContent));
    const shown = (await texts()).slice(1); // the first nav is the site's
    expect(await barriers(page)).toEqual([]);
    await page.click('#report .sort >> nth=0');
    expect(await page.locator('#report [aria-sort]').count()).toBe(1);
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute('data-asked', '');
    });
    await page
      .locator('#report')
      .getByRole('button', { name: /^Print this plot alone/ })
      .first()
      .click();
    await page.waitForSelector('body[data-asked]');
    const pageSize = () => document.adoptedStyleSheets.map(({ cssRules }) => cssRules[0].cssText).join();
    expect(await page.evaluate(pageSize)).toMatch(/^@page \{.*size: [\d.]+px [\d.]+px/);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));

    await page.setInputFiles('#files', [{ name: 'none.png', mimeType: '', buffer: Buffer.from('PNG') }]);
    await says(page, /^Not shown: none\.png is no table of evaluations/);
    const film = ['rollout', '--agent', 'random', '--task', 'cartpole-balance', '--steps', '20'];
    expect(await harness(folder, ...film, '--out', 'film.json')).toMatchObject({ code: 0 });
    await page.setInputFiles('#files', join(folder, 'film.json'));
    await page.waitForSelector('#player[data-ready]');
    expect(await page.textContent('.readout')).toMatch(/^step 0 of 20,/);
    expect(await page.isVisible('#report')).toBe(false);
    const own = [...requests].filter((request) => !/^GET (blob|data):/.test(request));
    expect(own.length).toBeGreaterThan(4);
    for (const request of own) expect(request.split(addresses.static)[0]).toBe('GET ');
    expect(complaints).toEqual([]);

    await page.goto(pathToFileURL(join(made, 'report.html')).href);
    expect(shown).toEqual(await texts());
    expect(shown.length).toBeGreaterThan(6);
    await page.close();
  });

  it('works from a folder of a plain file server, and stops when told to', async () => {
    const page = await open(addresses.static);
    await page.click('#train');
    await clickOnceItSays(page, '#stop', /^Step [1-9]/);
    await says(page, /^Stopped at step [\d\u202f]+\.$/);
    expect(await page.isEnabled('#train')).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
