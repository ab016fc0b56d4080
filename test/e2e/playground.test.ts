/// <reference lib="dom.iterable" />
/**
 * The playground as its user meets it: trained in Chromium and Firefox, the tables are those of the terminal.
 * Each is skipped where it is not installed. In Firefox all of it is tried by playground-firefox.nightly.test.ts.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import sirv from 'sirv';
import { unzipSync, zipSync } from 'three/addons/libs/fflate.module.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browsers } from '../../bench/browsers/index.ts';
import { appears, type Browser, type Page, waitFor } from '../../bench/browsers/page.ts';
import { writeReport } from '../../harness/report/write.ts';
import { linkOf } from '../../playground/settings.ts';
import { makeComparison } from '../harness/report/made-comparison.ts';
import {
  harness,
  killGroup,
  type Outcome,
  pause,
  type Started,
  start,
  workplace,
} from './support/command.ts';
import { openTraining, says } from './support/playground.ts';
import { withoutColumns } from './support/tables.ts';

const folder = workplace();
let site: Outcome;
let started: Started;
let plain: Server;
let addresses: { readonly served: string; readonly static: string };

beforeAll(async () => {
  started = start(folder, 'playground', '--port', '0', '--json');
  const served = new Promise<string>((resolve, reject) => {
    started.child.stdout?.on('data', (text) => resolve(JSON.parse(String(text)).address));
    started.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  site = await harness(folder, 'playground', '--out', 'web/site');
  plain = createServer(sirv(join(folder, 'web')));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as { port: number };
  addresses = { served: await served, static: `http://127.0.0.1:${port}/site/` };
});

afterAll(() => {
  plain?.close();
  if (started !== undefined) killGroup(started.child);
  rmSync(folder, { recursive: true, force: true });
});

/** Learning begins at step 500 of this preset. */
const training = {
  task: 'cartpole-balance',
  steps: 800,
  evaluateEvery: 500,
  evaluationEpisodes: 1,
  seeds: [3],
} as const;
const linkFor = (...agents: string[]): string =>
  linkOf({ ...training, agents: agents.map((agent) => ({ agent, preset: 'smoke' })) });
const link = linkFor('rfm-flow');
/** The command of the same settings, and where its results are. */
const command =
  'harness train rfm-flow cartpole-balance --preset smoke --seed 3 --steps 800 --evaluate-every 500 --evaluation-episodes 1 --backend wasm --threads 1';
const terminal = join(folder, 'results/rfm-flow-cartpole-balance-3');

describe('harness playground --out', () => {
  it('writes a site whose addresses are all relative and its own', async () => {
    expect(site).toMatchObject({ code: 0, stderr: '' });
    const written = join(folder, 'web/site');
    expect(readdirSync(written).sort()).toEqual([
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
      const page = readFileSync(join(written, `${name}.html`), 'utf8');
      const addresses = [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
      expect(addresses).toEqual(expect.arrayContaining([own, 'style.css']));
      for (const address of addresses) expect(address).toMatch(/^(?:[\w-]+\.\w+|#\w+|data:,|\.\/)$/);
      expect(page).toContain("script-src 'self' 'wasm-unsafe-eval';");
      expect(page).not.toMatch(/unsafe-inline|'unsafe-eval'|<style|style="|\son\w+="/);
    }
    for (const script of readdirSync(written).filter((name) => name.endsWith('.js'))) {
      expect(readFileSync(join(written, script), 'utf8')).not.toMatch(/\bnew Function\(|\beval\(/);
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

/** What the terminal has done for a test; the other browsers' tests share it. */
const outcomes = new Map<string, Promise<Outcome>>();

function inTerminal(...words: string[]): Promise<Outcome> {
  const command = words.join(' ');
  const outcome = outcomes.get(command) ?? harness(folder, ...words);
  outcomes.set(command, outcome);
  return outcome;
}

const withoutClock = (table: string): string => withoutColumns(table, ['wall_seconds']);

/** The tables of a run in the page are those of the terminal. @param prefix of the names of its files */
async function expectTerminals(page: Page, prefix = ''): Promise<void> {
  expect(await inTerminal(...command.split(' ').slice(1), '--quiet')).toMatchObject({ code: 0 });
  for (const name of ['evaluations.csv', 'training.csv']) {
    const there = await taken(page, `${prefix}${name}`);
    expect(there.trim().split('\n').length).toBeGreaterThan(1);
    expect(withoutClock(there)).toBe(withoutClock(readFileSync(join(terminal, name), 'utf8')));
  }
}

const text = (page: Page, selector: string): Promise<string> =>
  page.evaluate((selector: string) => document.querySelector(selector)?.textContent ?? '', selector);

/** Waits for a text. */
const shows = (page: Page, selector: string, pattern: RegExp): Promise<void> =>
  waitFor(
    page,
    (selector: string, pattern: string) =>
      new RegExp(pattern).test(document.querySelector(selector)?.textContent ?? ''),
    [selector, pattern.source],
  );

/** The text of some cells of every row. */
const cells = (page: Page, table: string, ...columns: number[]): Promise<(string | null)[][]> =>
  page.evaluate(
    (table: string, columns: number[]) =>
      [...document.querySelectorAll(`${table} tr`)].map((row) =>
        columns.map((column) => row.children[column].textContent),
      ),
    table,
    columns,
  );

/** Within the page: a run of few steps may end before a test can click. @param step at which it is clicked at the earliest */
const clickInTraining = (page: Page, selector: string, step: number): Promise<void> =>
  page.evaluate(
    (button: string, step: number) =>
      new Promise<void>((resolve, reject) => {
        const status = document.getElementById('status') as HTMLElement;
        const observer = new MutationObserver(() => {
          const said = status.textContent ?? '';
          const [, at] = /^Step ([\d\u202f]+)/.exec(said) ?? [];
          if (/^(Done|Stopped|Failed|The training)/.test(said)) reject(new Error(said));
          else if (at === undefined || Number(at.replace('\u202f', '')) < step) return;
          else resolve(document.querySelector<HTMLElement>(button)?.click());
          observer.disconnect();
        });
        observer.observe(status, { childList: true });
      }),
    selector,
    step,
  );

/** What axe finds in light and in dark, as lines; contrast (AA) and names for screen readers are among its rules. */
async function barriers(page: Page): Promise<string[]> {
  await page.addScript(axe.source);
  const found: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    await page.prefer(scheme);
    const { passed, violated } = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      // What a plot consists of is not read out: the plot is an image with a description.
      const results = await axe.run({ exclude: ['svg.plot > *'] }, { resultTypes: ['violations'] });
      return {
        passed: results.passes.map(({ id }) => id),
        violated: results.violations.flatMap(({ id, nodes }) =>
          nodes.map(({ target }) => `${id} at ${target.join(' ')}`),
        ),
      };
    });
    expect(passed).toEqual(expect.arrayContaining(['color-contrast', 'label']));
    found.push(...violated.map((line) => `${scheme}: ${line}`));
  }
  return found;
}

/** The text of a file that the page gives. */
async function taken(page: Page, name: string): Promise<string> {
  const { path } = await page.download(`#downloads a[download="${name}"]`);
  return readFileSync(path, 'utf8');
}

/** What the browser keeps of a training, without its checkpoints; replaced if there is a value. */
function session(page: Page, value?: object): Promise<object> {
  return page.evaluate(
    (value: object | null) =>
      new Promise<object>((resolve, reject) => {
        const opened = indexedDB.open('rfm-harness-playground');
        opened.onerror = () => reject(opened.error);
        opened.onsuccess = () => {
          const sessions = opened.result.transaction(['session'], 'readwrite').objectStore('session');
          const request = value === null ? sessions.get('newest') : sessions.put(value, 'newest');
          request.onsuccess = () => {
            opened.result.close();
            resolve(request.result as object);
          };
        };
      }),
    value ?? null,
  );
}

const stored = (page: Page): Promise<object> => session(page);
const store = (page: Page, value: object): Promise<object> => session(page, value);

for (const { name, executablePath, installed } of browsers)
  if (!installed) console.warn(`SKIPPED: nothing is trained in ${name}, since there is no ${executablePath}`);

const inEvery = process.env.RFM_HARNESS_EVERY_BROWSER !== undefined;

describe.each(browsers.filter(({ installed }) => installed))('the playground in $name', (kind) => {
  const isBrief = kind.name !== 'Chromium' && !inEvery;
  let browser: Browser;
  beforeAll(async () => {
    browser = await kind.start();
  });
  afterAll(() => browser?.close());

  it("trains to the terminal's own bytes, across a pause and a reload, under a policy without evaluation of text", async () => {
    const page = await openTraining(browser, addresses.served, link);
    expect(await page.evaluate(() => document.getElementById('old')?.hidden)).toBe(true);
    await page.click('#train');
    await clickInTraining(page, '#pause', 501);
    await says(page, /^Paused/);
    // The step at hand still ends, and its state is kept; of a run that went on all steps would be taken.
    const stands = async (): Promise<string> => {
      const [state] = await cells(page, '#runs', 1, 5, 6);
      return state.join();
    };
    for (let before = ''; before !== (await stands()) || !/,\d+,paused$/.test(before); ) {
      before = await stands();
      await pause(600);
    }
    expect(await stands()).toMatch(/^[567]\d\d,/);
    await page.reload();
    await appears(page, '#resume');
    expect(await text(page, '#offer p')).toMatch(/stands at step [567]\d\d of 800/);
    await page.click('#resume');
    await says(page, /^Done at step 800\.$/);
    expect(await cells(page, '#returns', 1)).toEqual([['0'], ['500'], ['800']]);
    const label = () => document.querySelector('#curves svg')?.getAttribute('aria-label');
    expect(await page.evaluate(label)).toMatch(/^Learning curves/);
    if (kind.webgl) await appears(page, '#player[data-ready]');
    else expect(await text(page, '#player')).toBe('No picture: this browser has no WebGL');

    expect(await text(page, '#command')).toBe(command);
    await expectTerminals(page);
    const here = readFileSync(join(terminal, 'manifest.json'), 'utf8');
    expect(alike(await taken(page, 'manifest.json'))).toBe(alike(here));

    const archive = await page.download('#downloads button');
    expect(archive.name).toBe('rfm-flow-cartpole-balance-3.zip');
    const unpacked = join(folder, kind.name);
    for (const [file, bytes] of Object.entries(unzipSync(readFileSync(archive.path)))) {
      mkdirSync(dirname(join(unpacked, file)), { recursive: true });
      writeFileSync(join(unpacked, file), bytes);
    }
    const evaluation = ['eval', '--episodes', '1', '--json'];
    const [ours, theirs] = await Promise.all(
      [join(unpacked, 'rfm-flow-cartpole-balance-3'), terminal].map((results) =>
        inTerminal(...evaluation, results),
      ),
    );
    expect(ours).toMatchObject({ code: 0, stderr: '' });
    expect(ours.stdout).toBe(theirs.stdout);

    await page.reload();
    await appears(page, '#resume');
    const [kept, other] = [await stored(page), 'begun by another tab'];
    await store(page, { ...kept, id: other });
    await page.click('#resume');
    await says(page, /^The training cannot go on: another tab has begun/);
    expect(await text(page, '#runs')).toBe('');
    await store(page, { ...kept, code: { versions: { 'rfm-harness': '0.0.9' }, commit: 'abcdef0123' } });
    await page.reload();
    await appears(page, '#forget');
    expect(await text(page, '#offer p')).toMatch(
      /ended here\. It began with rfm-harness 0\.0\.9 of commit abcdef0, this page is of rfm-harness .*: it cannot be shown here\.$/,
    );
    expect(await page.evaluate(() => document.querySelector('#resume'))).toBeNull();
    await page.click('#forget');
    await waitFor(page, () => document.getElementById('offer')?.hidden, []);
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  it('trains four agents side by side, each as it would train alone', async ({ skip }) => {
    skip(isBrief);
    const names = ['rfm-flow', 'sac', 'td3', 'random'];
    const page = await openTraining(browser, addresses.static, linkFor(...names));
    await page.evaluate(() => {
      const runs = document.getElementById('runs') as HTMLTableSectionElement;
      new MutationObserver(() => {
        const training = [...runs.rows].filter((row) => row.lastElementChild?.textContent === 'trains');
        runs.dataset.most = String(Math.max(Number(runs.dataset.most ?? 0), training.length));
      }).observe(runs, { childList: true });
    });
    await page.click('#train');
    await says(page, /^Done at step 800, 4 runs\.$/);
    expect(await page.evaluate(() => document.getElementById('runs')?.dataset.most)).toBe('4');
    const labels = names.map((name) => `${name}, seed 3`);
    expect(await cells(page, '#runs', 0, 6)).toEqual(labels.map((label) => [label, 'done']));
    expect(await cells(page, '#returns', 0, 1)).toEqual(
      labels.flatMap((label) => [
        [label, '0'],
        [label, '500'],
        [label, '800'],
      ]),
    );
    expect(await page.evaluate(() => document.querySelectorAll('#legend button').length)).toBe(4);
    expect(await barriers(page)).toEqual([]);
    await page.resize(390, 844);
    expect(await barriers(page)).toEqual([]);
    expect((await text(page, '#command')).split('\n')[0]).toBe(command);
    await expectTerminals(page, '1-rfm-flow-cartpole-balance-3-');
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  it('shows what is dropped on it: the report that harness report makes, a recording; nothing leaves it', async ({
    skip,
  }) => {
    skip(isBrief);
    const made = join(folder, `made-${kind.name}`);
    makeComparison(made, { tasks: ['walker-run'], agents: ['sac', '<b>td3'], seeds: 3, evaluations: 4 });
    writeReport({ directories: [made], out: made });
    const tables = ['evaluations.csv', 'training.csv'].map((name) => {
      return [`made/${name}`, new Uint8Array(readFileSync(join(made, name)))] as const;
    });
    const page = await openTraining(browser, addresses.static, link);
    const before = page.requests.length;
    const archive = Buffer.from(zipSync(Object.fromEntries(tables))).toString('base64');
    await page.evaluate((base64: string) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], 'made.zip'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, archive);
    await appears(page, '#report #method');
    expect(await page.evaluate(() => location.pathname)).toBe('/site/results.html');
    const texts = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.facts, nav, section table')].map((one) => one.textContent),
      );
    const shown = (await texts()).slice(1); // the first nav is the site's
    expect(await barriers(page)).toEqual([]);
    await page.click('#report .sort');
    expect(await page.evaluate(() => document.querySelectorAll('#report [aria-sort]').length)).toBe(1);
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute('data-asked', '');
    });
    await page.click('#report button[aria-label^="Print this plot alone"]');
    await appears(page, 'body[data-asked]');
    const pageSize = () => document.adoptedStyleSheets.at(-1)?.cssRules[0].cssText;
    expect(await page.evaluate(pageSize)).toMatch(/^@page \{.*size: [\d.]+px [\d.]+px/);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));

    writeFileSync(join(folder, 'none.png'), 'PNG');
    await page.choose('#files', join(folder, 'none.png'));
    await says(page, /^Not shown: none\.png is no table of evaluations/);
    const film = ['rollout', '--agent', 'random', '--task', 'cartpole-balance', '--steps', '20'];
    expect(await inTerminal(...film, '--out', 'film.json')).toMatchObject({ code: 0 });
    await page.choose('#files', join(folder, 'film.json'));
    if (kind.webgl) {
      await appears(page, '#player[data-ready]');
      expect(await text(page, '.readout')).toMatch(/^step 0 of 20,/);
      await chooseAmongRecordings(page);
    } else await shows(page, '#about', /^film\.json cannot be shown: this browser has no WebGL$/);
    expect(await page.evaluate(() => document.getElementById('report')?.checkVisibility())).toBe(false);
    const own = page.requests.slice(before).filter((request) => !/^GET (blob|data):/.test(request));
    expect(own.length).toBeGreaterThan(4);
    for (const request of own) expect(request.split(addresses.static)[0]).toBe('GET ');
    expect(page.complaints).toEqual([]);

    await page.goto(pathToFileURL(join(made, 'report.html')).href);
    expect(shown).toEqual(await texts());
    expect(shown.length).toBeGreaterThan(6);
    await page.close();
  });

  /** Another recording of a task is shown at the same step; one that cannot be shown leaves the one before. */
  async function chooseAmongRecordings(page: Page): Promise<void> {
    const recording = JSON.parse(readFileSync(join(folder, 'film.json'), 'utf8'));
    const [episode] = recording.episodes;
    const qpos = Buffer.from(new Float64Array(21 * 3).buffer).toString('base64'); // of three positions, not two
    const rewards = Buffer.from(new Float64Array(20).buffer).toString('base64');
    for (const [name, change] of Object.entries({ other: { rewards }, unfit: { qpos } })) {
      const changed = { ...recording, episodes: [{ ...episode, ...change }] };
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(changed));
    }
    await page.choose('#files', ...['film', 'other', 'unfit'].map((name) => join(folder, `${name}.json`)));
    await waitFor(page, () => document.querySelectorAll('#which option').length === 3, []);
    const change = (selector: string, value: string) =>
      page.evaluate(
        (selector: string, value: string) => {
          const field = document.querySelector(selector) as HTMLInputElement;
          field.value = value;
          field.dispatchEvent(new Event('input', { bubbles: true }));
        },
        selector,
        value,
      );
    await change('#player input[type=range]', '12');
    await shows(page, '.readout', /^step 12 of 20,.*return [1-9]/);
    await change('#which', '1');
    await shows(page, '.readout', /^step 12 of 20,.*return 0\.0/);
    await change('#which', '2');
    await shows(page, '#about', /^unfit\.json cannot be shown: the recorded positions do not fit/);
    await change('#player input[type=range]', '13');
    await shows(page, '.readout', /^step 13 of 20,.*return 0\.0/);
    await change('#which', '0');
    await shows(page, '.readout', /^step 13 of 20,.*return [1-9]/);
    expect(await text(page, '#about')).toMatch(/^random on cartpole-balance/);
  }

  it('shows the method: a flow that learns, drawn in the colours of the scheme', async ({ skip }) => {
    skip(isBrief);
    const page = await browser.open();
    await page.goto(`${addresses.static}method.html`);
    await says(page, /^[1-9]\d* updates, loss \d/);
    await appears(page, '#errors svg');
    expect(page.complaints).toEqual([]); // before the canvas is read here, which is slow
    const corner = (brightness: number) => {
      const context = document.querySelector<HTMLCanvasElement>('#plane')?.getContext('2d');
      const [red, green, blue] = context?.getImageData(0, 0, 1, 1).data ?? [];
      return Math.abs((red + green + blue) / 3 - brightness) < 40;
    };
    await page.prefer('dark');
    await waitFor(page, corner, [0]);
    await page.prefer('light');
    await waitFor(page, corner, [255]);
    await page.close();
  });

  it('says, opened as a file, that it needs a server', async ({ skip }) => {
    skip(isBrief);
    const page = await browser.open();
    await page.goto(pathToFileURL(join(folder, 'web/site/index.html')).href);
    await appears(page, '#old:not([hidden])');
    expect(await text(page, '#old')).toMatch(/^This page needs a server/);
    expect(await text(page, '#status')).toBe('');
    await page.close();
  });

  it('works from a folder of a plain file server, and stops when told to', async () => {
    const page = await openTraining(browser, addresses.static, link);
    await page.evaluate(() => {
      const own = window.fetch;
      window.fetch = () => {
        window.fetch = own;
        return Promise.reject(new Error('offline'));
      };
    });
    await page.click('#train');
    await says(page, /^The training cannot begin: offline$/);
    await page.click('#train');
    await clickInTraining(page, '#stop', 1);
    const isOver = () =>
      [...document.querySelectorAll('#pause, #stop')].every((one) => one.matches(':disabled'));
    expect(await page.evaluate(isOver)).toBe(true);
    await says(page, /^Stopped at step [\d\u202f]+\.$/);
    expect(await page.evaluate(() => document.querySelector('#train')?.matches(':enabled'))).toBe(true);
    expect(page.complaints).toEqual([]);
    await page.close();
  });
});
