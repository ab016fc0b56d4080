/**
 * The picture of a report for the README: its top, as headless Chromium shows it.
 *
 *     npx jiti bench/report-picture.ts results/NAME docs/assets/report.png
 *
 * Chromium is /usr/bin/chromium unless CHROMIUM says otherwise.
 */
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const SIZE = { width: 1280, height: 1600 }; // px

async function picture(directory: string, out: string): Promise<void> {
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
  ];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args,
  });
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
    await page.goto(pathToFileURL(join(resolve(directory), 'report.html')).href);
    await page.screenshot({ path: out });
  } finally {
    await browser.close();
  }
}

const [directory, out] = process.argv.slice(2);
if (directory === undefined || out === undefined)
  throw new Error('usage: report-picture.ts DIRECTORY OUT.png');
await picture(directory, out);
