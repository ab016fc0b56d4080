/// <reference lib="dom.iterable" />
/** Pages of reports in headless Chromium, and what holds for every one of them. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeReport } from '../../../harness/report/write.ts';
import { hostileNames, madeManifest, makeComparison } from './made-comparison.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const installed = existsSync(executablePath);
if (!installed) console.warn(`SKIPPED: the page is not looked at, since there is no ${executablePath}`);

export const sizes = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 360, height: 740 },
};

type Size = keyof typeof sizes;
/** A made-up report: with five agents, with names that break pages, with all agents. */
type Made = 'ordinary' | 'hostile' | 'nine';

export interface OpenPage {
  readonly page: Page;
  /** What it complains about or asks the network for. */
  readonly complaints: string[];
}

export interface Reports {
  /** Files of pages by name. */
  readonly pages: Record<string, string>;
  browser(): Browser;
  /** Opens a page with everything unfolded. */
  open(path: string, size: Size, colorScheme?: 'light' | 'dark'): Promise<OpenPage>;
}

/** Makes the reports that `looks` names, and registers the tests that each passes at those sizes. */
export function reports(looks: readonly (readonly [Made, Size])[]): Reports {
  const names = [...new Set(looks.map(([name]) => name))];
  let root: string;
  let browser: Browser;
  const pages: Record<string, string> = {};

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'browser-'));
    const failed = {
      task: 'walker-run',
      agent: 'td3',
      seed: 4,
      status: 'failed',
      reason: 'loss is not finite',
    };
    const tasks = ['cartpole-swingup', 'cheetah-run', 'walker-run'];
    const agents = ['rfm-flow', 'rfm-diffusion', 'sac', 'td3', 'random'];
    const make: Record<Made, (directory: string) => void | Promise<void>> = {
      ordinary: (directory) =>
        makeComparison(directory, {
          tasks,
          agents,
          seeds: 5,
          evaluations: 10,
          manifest: madeManifest('first', [failed]),
        }),
      hostile: (directory) =>
        makeComparison(directory, {
          tasks: ['<b>task</b>&amp;', 't'.repeat(200)],
          agents: hostileNames,
          seeds: 2,
          evaluations: 3,
          manifest: madeManifest('</title><script>document.title="broken"</script>', [
            { ...failed, reason: `<img src=x onerror=document.title="broken">${'y'.repeat(400)}` },
          ]),
        }),
      nine: async (directory) => {
        const { builtInAgents } = await import('../../../agents/registry.ts');
        makeComparison(directory, {
          tasks: ['cheetah-run', 'walker-run'],
          agents: builtInAgents.map(({ name }) => name),
          seeds: 3,
          evaluations: 6,
        });
      },
    };
    for (const name of names) {
      const directory = join(root, name);
      await make[name](directory);
      writeReport({ directories: [directory], out: directory, resamples: 500 });
      pages[name] = join(directory, 'report.html');
    }
    const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
    const offline = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
    browser = await chromium.launch({ executablePath, args: [...quiet, ...offline] });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });

  async function open(path: string, size: Size, colorScheme: 'light' | 'dark' = 'light'): Promise<OpenPage> {
    // Without smooth scrolling, places hold still.
    const page = await browser.newPage({ viewport: sizes[size], colorScheme, reducedMotion: 'reduce' });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(path).href);
    await page.evaluate(() => {
      for (const fold of document.querySelectorAll('details')) fold.open = true;
    });
    return { page, complaints };
  }

  it.each(looks)('%s names, %s: no errors, nothing overflows or overlaps', async (name, size) => {
    const { page, complaints } = await open(pages[name], size);
    expect(complaints).toEqual([]);
    expect(await page.title()).not.toBe('broken');
    const { content, screen } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      screen: window.innerWidth,
    }));
    expect(content).toBeLessThanOrEqual(screen);
    expect(await overlaps(page, '.legend button')).toEqual([]);
    for (let i = 0; i < (await page.locator('.legend').count()); i++) {
      const entries = await page.locator('.legend').nth(i).locator('button').count();
      expect(entries).toBe({ ordinary: 5, hostile: hostileNames.length, nine: 9 }[name]);
    }
    expect(await textProblems(page)).toEqual([]);
    await page.close();
  });

  it('SVG files open by themselves, with legend texts apart and inside the picture', async () => {
    const { page, complaints } = await open(pages[names[0]], 'desktop');
    for (const name of names) {
      const folder = join(root, name, 'plots');
      for (const file of readdirSync(folder)) {
        await page.goto(pathToFileURL(join(folder, file)).href);
        expect(complaints, file).toEqual([]);
        expect(await textProblems(page, 'svg'), file).toEqual([]);
      }
    }
    await page.close();
  });

  return { pages, browser: () => browser, open };
}

/** Pairs of elements whose boxes overlap. */
function overlaps(page: Page, selector: string): Promise<string[]> {
  return page.evaluate((query) => {
    const boxes = [...document.querySelectorAll(query)].map((element) => ({
      text: element.textContent,
      box: element.getBoundingClientRect(),
    }));
    return boxes.flatMap(({ text, box }, i) =>
      boxes
        .slice(i + 1)
        .filter(
          ({ box: other }) =>
            box.left < other.right - 0.5 &&
            other.left < box.right - 0.5 &&
            box.top < other.bottom - 0.5 &&
            other.top < box.bottom - 0.5,
        )
        .map((other) => `${text} / ${other.text}`),
    );
  }, selector);
}

/** Texts of plots that overlap one another or leave their picture. */
export function textProblems(page: Page, selector = 'svg.plot'): Promise<string[]> {
  return page.evaluate((query) => {
    const problems: string[] = [];
    const roots = [...document.querySelectorAll(query)].filter(
      (svg) => svg.parentElement?.closest('svg') === null || !svg.parentElement,
    );
    for (const svg of roots) {
      const frame = svg.getBoundingClientRect();
      if (frame.width === 0) continue;
      const texts = [...svg.querySelectorAll('text')].map((text) => ({
        text: text.textContent,
        box: text.getBoundingClientRect(),
      }));
      texts.forEach(({ text, box }, i) => {
        if (
          box.left < frame.left - 1 ||
          box.right > frame.right + 1 ||
          box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1
        ) {
          problems.push(`'${text}' leaves the picture`);
        }
        for (const { text: other, box: b } of texts.slice(i + 1)) {
          const apart =
            box.left >= b.right - 1 ||
            b.left >= box.right - 1 ||
            box.top >= b.bottom - 2 ||
            b.top >= box.bottom - 2;
          if (!apart) problems.push(`'${text}' overlaps '${other}'`);
        }
      });
    }
    return problems;
  }, selector);
}
