/// <reference lib="dom.iterable" />
/**
 * The page as a reader meets it, in headless Chromium: at desktop and phone sizes, light and dark, with
 * ordinary and with hostile names. Skipped where there is no Chromium (apt-get install chromium).
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { readTable } from '../../../harness/files/csv.ts';
import { standaloneSvg } from '../../../harness/report/drawing.ts';
import { installed, reports, sizes, textProblems } from './browsing.ts';

describe.skipIf(!installed)('the page in Chromium', () => {
  const { pages, browser, open } = reports([
    ['ordinary', 'desktop'],
    ['ordinary', 'phone'],
    ['hostile', 'phone'],
  ]);

  it.each(['desktop', 'phone'] as const)(
    'every plot has its axes labelled, and a description, %s',
    async (size) => {
      const { page } = await open(pages.ordinary, size);
      const plots = await page.evaluate(() =>
        [...document.querySelectorAll('svg.plot')]
          .filter((svg) => svg.getBoundingClientRect().width > 0)
          .map((svg) => ({
            description: svg.getAttribute('aria-label') ?? '',
            role: svg.getAttribute('role'),
            labels: [...svg.querySelectorAll('[aria-label$="axis label"]')].map((label) => label.textContent),
            ticks: svg.querySelectorAll('[aria-label$="axis tick label"] text').length,
            text: [...svg.querySelectorAll('text')].map((text) => text.textContent),
            behind: svg.closest('section')?.querySelectorAll('table').length ?? 0,
          })),
      );
      expect(plots).toHaveLength(4 + 3 + 1 + 1 + 1);
      for (const { description, role, labels, ticks, text, behind } of plots) {
        expect(role).toBe('img');
        expect(description.length).toBeGreaterThan(60);
        expect(ticks).toBeGreaterThanOrEqual(3);
        expect(behind).toBeGreaterThanOrEqual(1);
        if (description.startsWith('Learning'))
          expect(labels).toEqual(['evaluation return', 'environment steps']);
        else if (description.startsWith('Performance')) {
          expect(labels).toEqual(['fraction of runs above τ', 'normalised score τ']);
        } else if (description.startsWith('Sample')) {
          expect(labels).toEqual(['IQM of normalised scores', 'environment steps']);
        } else if (description.startsWith('Probability')) {
          expect(labels).toEqual(['P(X > Y)']);
          expect(text).toContain('rfm-flow');
        } else {
          expect(labels).toEqual(['normalised score']);
          expect(text).toContain('rfm-flow');
        }
      }
      await page.close();
    },
  );

  it('works by keyboard: sorting, hiding agents, choosing colours', async () => {
    const { page, complaints } = await open(pages.ordinary, 'desktop');
    const ranking = page.locator('#ranking table');
    const firstAgent = () => ranking.locator('tbody th bdi').first().textContent();
    const ranks = () => ranking.locator('tbody td:nth-child(2)').allTextContents();
    expect(await ranks()).toEqual(['1', '2', '3', '4', '5']);
    await ranking.locator('button.sort', { hasText: 'Agent' }).focus();
    await page.keyboard.press('Enter');
    expect(await firstAgent()).toBe('random');
    expect(await ranking.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    await page.keyboard.press('Space');
    expect(await firstAgent()).toBe('td3');
    await ranking.locator('button.sort', { hasText: 'IQM' }).focus();
    await page.keyboard.press('Enter');
    expect(await ranks()).toEqual(['1', '2', '3', '4', '5']);

    const marks = page.locator('#curves svg .series-0').first();
    const button = page.locator('#curves .legend button').first();
    expect(await marks.isVisible()).toBe(true);
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await marks.isVisible()).toBe(false);
    expect(await page.locator('#profiles .legend button').first().getAttribute('aria-pressed')).toBe('false');
    await page.keyboard.press('Enter');
    expect(await marks.isVisible()).toBe(true);

    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    const scheme = page.locator('button.scheme');
    await scheme.focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press('Enter');
    expect(await scheme.textContent()).toBe('Colours: dark');
    expect(await background()).not.toBe(light);
    expect(complaints).toEqual([]);
    await page.close();
  });

  /** The plot of the ordinary page that the tests ask. */
  const walker = (page: Page) => {
    const figure = page.locator('figure[data-name="curve-walker-run"]');
    return { figure, plot: figure.locator('svg.plot:visible'), tip: figure.locator('.tip') };
  };

  it('tells the values at the pointer and at the point that arrow keys choose', async () => {
    const { page, complaints } = await open(pages.ordinary, 'desktop');
    const { plot, tip } = walker(page);
    // The last point of a curve is what summary.csv has of its agent.
    const rows = readTable(join(dirname(pages.ordinary), 'summary.csv'), [
      'task',
      'agent',
      'mean',
      'ci_low',
      'ci_high',
    ]);
    const told = rows
      .filter((row) => row.text('task') === 'walker-run')
      .map((row) => {
        const [mean, low, high] = ['mean', 'ci_low', 'ci_high'].map((name) => row.number(name).toFixed(1));
        const runs = row.text('agent') === 'td3' ? 4 : 5; // one failed
        const about = `${row.text('agent')}${mean} [${low}, ${high}]step 50,000/${runs} runs`;
        return about.replaceAll('-', '−');
      });
    expect(told).toHaveLength(5);
    const seen = async () => {
      const lines = await tip.locator('> *').allTextContents();
      return `${lines.slice(0, 3).join('')}/${lines.at(-1)}`.replaceAll('-', '−');
    };
    await plot.focus();
    await page.keyboard.press('ArrowRight');
    for (const expected of told) {
      expect(await seen()).toBe(expected);
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('ArrowLeft');
    expect(await tip.textContent()).toContain('step 45,000');
    expect(await tip.textContent()).toMatch(/8 min since the runs began|\d+ (s|min) since the runs began/);
    await page.keyboard.press('Escape');
    expect(await tip.isVisible()).toBe(false);
    const [mark, corner] = [
      await plot.locator('g.series-4 path[transform]').last().boundingBox(),
      await plot.boundingBox(),
    ];
    const [x, y] = [(mark?.x ?? 0) + 4 - (corner?.x ?? 0), (mark?.y ?? 0) + 4 - (corner?.y ?? 0)];
    /** What is said at that place of the plot, wherever the page has scrolled to. */
    const saidThere = async () => {
      const now = await plot.boundingBox();
      await page.mouse.move((now?.x ?? 0) + x + 40, (now?.y ?? 0) + y);
      await page.mouse.move((now?.x ?? 0) + x, (now?.y ?? 0) + y);
      return (await tip.isVisible()) ? seen() : 'nothing';
    };
    expect(await saidThere()).toBe(told[4]);
    await page.locator('#curves .legend button').nth(4).click();
    expect(await saidThere()).not.toContain('td3');
    await page.locator('#curves .legend button').nth(4).click();
    expect(await saidThere()).toBe(told[4]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('zooms by buttons, keys and wheel, and pans, within the plot', async () => {
    const { page, complaints } = await open(pages.ordinary, 'desktop');
    const { figure, plot } = walker(page);
    const ticks = () => plot.locator('[aria-label="x-axis tick label"] text').allTextContents();
    const whole = await ticks();
    expect(whole).toEqual(['10k', '20k', '30k', '40k', '50k']);
    const reset = figure.getByRole('button', { name: 'Reset: show the whole plot' });
    expect(await reset.isDisabled()).toBe(true);
    await figure.getByRole('button', { name: 'Zoom in' }).click();
    await plot.focus();
    await page.keyboard.press('+');
    const middle = await ticks();
    expect(middle).not.toEqual(whole);
    expect(middle.map((text) => Number.parseFloat(text)).every((step) => step > 10 && step < 50)).toBe(true);
    await page.keyboard.press('Shift+ArrowRight');
    const right = await ticks();
    expect(Number.parseFloat(right.at(-1) ?? '')).toBeGreaterThan(Number.parseFloat(middle.at(-1) ?? ''));
    const box = await plot.boundingBox();
    const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 400, y, { steps: 4 });
    await page.mouse.up();
    expect(Number.parseFloat((await ticks())[0])).toBeLessThan(Number.parseFloat(right[0]));
    await page.mouse.dblclick(x, y);
    expect(await ticks()).toEqual(whole);
    expect(await reset.isDisabled()).toBe(true);
    // The wheel scrolls the page until the plot has the focus.
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const top = () => page.evaluate(() => scrollY);
    await page.mouse.move(x, y);
    const before = await top();
    await page.mouse.wheel(0, -40);
    await page.waitForFunction((from) => scrollY !== from, before);
    expect(await ticks()).toEqual(whole);
    await plot.focus();
    const focused = await plot.boundingBox();
    await page.mouse.move((focused?.x ?? 0) + 150, (focused?.y ?? 0) + 100);
    await page.mouse.wheel(0, -100);
    await expect.poll(ticks).not.toEqual(whole);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('changes the axis to time, shows each seed, gives each agent a panel, and draws metrics', async () => {
    const { page, complaints } = await open(pages.ordinary, 'desktop');
    const { plot } = walker(page);
    const labels = () => plot.locator('[aria-label="x-axis label"]').textContent();
    const lines = () => plot.locator('[aria-label="line"] path').count();
    const curves = page.locator('#curves');
    expect(await lines()).toBe(5);
    await curves.getByLabel('Each seed').check();
    expect(await lines()).toBe(5 + 4 * 5 + 4); // one run of td3 failed
    await curves.getByLabel('Each seed').uncheck();
    await curves.getByLabel('Wall-clock time').check();
    expect(await labels()).toBe('wall-clock time (min)'); // 50,000 steps at 90 to 130 a second
    await curves.getByLabel('Wall-clock time').uncheck();
    expect(await labels()).toBe('environment steps');
    await curves.getByLabel('A panel for each agent').check();
    expect(await plot.locator('use').count()).toBe(2 * 4); // the first panel is used again in four
    expect(await textProblems(page, '#curves svg.plot')).toEqual([]);
    await page.locator('#training select').selectOption('td_loss');
    const metrics = page.locator('#training figure');
    expect(await metrics.locator('figcaption').allTextContents()).toEqual([
      'td_loss on cartpole-swingup',
      'td_loss on cheetah-run',
      'td_loss on walker-run',
    ]);
    expect(await metrics.first().locator('[aria-label="area"] path').count()).toBe(5);
    expect(await textProblems(page, '#training svg.plot')).toEqual([]);
    await page.locator('#training').getByLabel('Logarithmic').check();
    expect(
      await metrics.first().locator('[aria-label="y-axis tick label"] text').first().textContent(),
    ).toMatch(/^0\.\d/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('saves a plot as SVG and PNG without the agents that are hidden, and prints it alone', async () => {
    const { page, complaints } = await open(pages.ordinary, 'desktop');
    await page.locator('#curves .legend button', { hasText: 'sac' }).click();
    const { figure } = walker(page);
    const saved = async (kind: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        figure.getByRole('button', { name: `Save this plot as ${kind}` }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`curve-walker-run.${kind.toLowerCase()}`);
      return readFileSync(await download.path());
    };
    const svg = (await saved('SVG')).toString();
    expect(svg).toContain('>Learning curves on walker-run</text>');
    expect(svg).toContain('>td3</text>');
    expect(svg).not.toContain('>sac</text>');
    expect(svg).not.toContain('var(--');
    const parsed = await page.evaluate((text) => {
      const { documentElement } = new DOMParser().parseFromString(text, 'image/svg+xml');
      return [documentElement.localName, documentElement.querySelectorAll('[aria-label="line"] path').length];
    }, svg);
    expect(parsed).toEqual(['svg', 4]);
    const [table] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save scores.tex' }).click(),
    ]);
    expect(table.suggestedFilename()).toBe('scores.tex');
    expect(readFileSync(await table.path(), 'utf8')).toContain('\\toprule');
    const png = await saved('PNG');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBeGreaterThan(2 * 380); // its width, IHDR
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute('data-asked', '');
    });
    await figure.getByRole('button', { name: /^Print this plot alone/ }).click();
    await page.waitForSelector('body[data-asked]');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('main').isVisible()).toBe(false);
    expect(await page.locator('.sheet svg').first().isVisible()).toBe(true);
    const plot = /<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
    const printed = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    const points = (pixels: string) => Number(pixels) * 0.75;
    const box = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(printed) ?? [];
    expect(Number(box[1])).toBeCloseTo(points(plot[1]), 0);
    expect(Number(box[2])).toBeCloseTo(points(plot[2]), 0);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    expect(await page.locator('.sheet').count()).toBe(0);
    expect(await page.locator('main').isVisible()).toBe(true);
    expect(complaints.filter((line) => !/^request: (blob|data):/.test(line))).toEqual([]);
    await page.close();
  });

  it.each(['light', 'dark'] as const)(
    'text has a contrast of 4.5 and marks of 3 with the page, %s',
    async (scheme) => {
      const { page } = await open(pages.ordinary, 'desktop', scheme);
      const found = await page.evaluate(() => {
        const style = getComputedStyle(document.documentElement);
        const names = ['page', 'panel', 'text', 'quiet', 'accent', 'bad', 'warn-page', 'bad-page', 'best'];
        const marks = Array.from({ length: 10 }, (_, i) => `series-${i}`);
        return Object.fromEntries(
          [...names, ...marks].map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
        );
      });
      for (const ground of ['page', 'panel', 'best', 'warn-page', 'bad-page']) {
        for (const ink of ['text', 'quiet', 'accent']) {
          expect(contrast(found[ink], found[ground]), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        }
      }
      expect(contrast(found.bad, found.page)).toBeGreaterThanOrEqual(4.5);
      for (let i = 0; i < 10; i++) {
        expect(contrast(found[`series-${i}`], found.page), `series ${i}`).toBeGreaterThanOrEqual(3);
      }
      await page.close();
    },
  );

  it('prints in light colours, without buttons and folds', async () => {
    const { page } = await open(pages.ordinary, 'desktop', 'dark');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe('rgb(255, 255, 255)');
    for (const control of ['nav', '.tools', '.choices', '.tip', '.scheme']) {
      expect(await page.locator(`${control}:visible`).count(), control).toBe(0);
    }
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
    const kept = await page.evaluate(() =>
      ['#curves h2', '#curves > p', '#curves .legend'].map(
        (query) => getComputedStyle(document.querySelector(query) as Element).breakAfter,
      ),
    );
    expect(kept).toEqual(['avoid', 'avoid', 'avoid']);
    await page.close();
  });

  it('a file of a plot is as wide as its title and its note', async () => {
    const drawing = { name: 'n', description: '', width: 200, height: 80, content: '' };
    const title = 'Sliced Wasserstein distance to exact draws WWWW by integration steps';
    const note = 'bars: 95 % interval over seeds; dashed: between two sets of exact draws, and more';
    const page = await browser().newPage();
    await page.setContent(standaloneSvg({ ...drawing, title }, [{ label: 'sac', colour: '#000' }], note));
    const outside = await page.evaluate(() => {
      const picture = document.querySelector('svg')?.getBoundingClientRect();
      return [...document.querySelectorAll('text')]
        .filter((text) => text.getBoundingClientRect().right > (picture?.right ?? 0))
        .map((text) => text.textContent);
    });
    expect(outside).toEqual([]);
    await page.close();
  });

  it('is whole without scripts', async () => {
    const context = await browser().newContext({ javaScriptEnabled: false, viewport: sizes.phone });
    const page = await context.newPage();
    await page.goto(pathToFileURL(pages.ordinary).href);
    expect(await page.locator('section').count()).toBe(12);
    expect(await page.locator('svg.plot:visible').count()).toBe(10);
    for (const tool of ['.tools', '.choices']) expect(await page.locator(`${tool}:visible`).count()).toBe(0);
    expect(await page.locator('button.scheme').isVisible()).toBe(false);
    await context.close();
  });
});

/** Contrast ratio of two colours (WCAG 2.2, relative luminance). */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [bright, dim] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (bright + 0.05) / (dim + 0.05);
}
