/** Chromium, driven by playwright-core. */
import { chromium, type Page as PlaywrightPage } from 'playwright-core';
import type { Browser, Download, InPage, Page } from './page.ts';

class ChromiumPage implements Page {
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  readonly #page: PlaywrightPage;

  constructor(page: PlaywrightPage) {
    this.#page = page;
    page.on('console', (message) => {
      const text = message.text();
      const software = /^\[\.WebGL-\w+\]GL Driver Message .* Performance,/.test(text); // renders in software
      if (!software) this.complaints.push(text);
    });
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('request', (request) => this.requests.push(`${request.method()} ${request.url()}`));
  }

  async goto(address: string): Promise<void> {
    await this.#page.goto(address);
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }

  async evaluate<Args extends unknown[], Result>(what: InPage<Args, Result>, ...args: Args): Promise<Result> {
    const given = args.map((arg) => JSON.stringify(arg)).join();
    return this.#page.evaluate(`(${what})(${given})`);
  }

  async addScript(source: string): Promise<void> {
    await this.#page.evaluate(source);
  }

  async click(selector: string): Promise<void> {
    await this.#page.click(selector);
  }

  async choose(selector: string, ...files: string[]): Promise<void> {
    await this.#page.setInputFiles(selector, files);
  }

  async download(selector: string): Promise<Download> {
    const [file] = await Promise.all([this.#page.waitForEvent('download'), this.click(selector)]);
    return { name: file.suggestedFilename(), path: await file.path() };
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#page.setViewportSize({ width, height });
  }

  async prefer(colorScheme: 'light' | 'dark'): Promise<void> {
    await this.#page.emulateMedia({ colorScheme });
  }

  close(): Promise<void> {
    return this.#page.close();
  }
}

export async function startChromium(executablePath: string): Promise<Browser> {
  const quiet = ['--headless', '--no-sandbox', '--no-first-run', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath, args: quiet });
  return {
    close: () => browser.close(),
    open: async () => new ChromiumPage(await browser.newPage({ reducedMotion: 'reduce' })),
  };
}
