/** The playground's page of training, as its user meets it in any browser. */
import { appears, type Browser, type Page, waitFor } from '../../../bench/browsers/page.ts';

/** Opens a page with the settings of a link, ready to train. */
export async function openTraining(browser: Browser, address: string, link: string): Promise<Page> {
  const page = await browser.open();
  await page.goto(`${address}#${link}`);
  await appears(page, '#train:not([disabled])');
  return page;
}

/** Waits for what the page says of its state. */
export function says(page: Page, pattern: RegExp, within?: number): Promise<void> {
  const matches = (pattern: string) =>
    new RegExp(pattern).test(document.getElementById('status')?.textContent ?? '');
  return waitFor(page, matches, [pattern.source], within);
}
