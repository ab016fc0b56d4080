/** What the tests and measurements in browsers need of one: the same for Chromium and for Firefox. */

/** A file that a page gave to be kept. */
export interface Download {
  readonly name: string;
  readonly path: string;
}

/** What runs in a page: it may use nothing around it, since its text is sent there. */
export type InPage<Args extends unknown[], Result> = (...args: Args) => Result | Promise<Result>;

export interface Page {
  /** What was written to the console or thrown, and what the Content-Security-Policy forbade. */
  readonly complaints: readonly string[];
  /** Method and address of each request. */
  readonly requests: readonly string[];
  /** Ends when the page has loaded. */
  goto(address: string): Promise<void>;
  reload(): Promise<void>;
  /** @returns what the function returns there, which passes through JSON; so do the arguments */
  evaluate<Args extends unknown[], Result>(what: InPage<Args, Result>, ...args: Args): Promise<Result>;
  /** Defines what a classic script defines. */
  addScript(source: string): Promise<void>;
  /** Presses the mouse on the first element, once it is there and enabled. */
  click(selector: string): Promise<void>;
  /** Chooses files for an input. */
  choose(selector: string, ...files: string[]): Promise<void>;
  /** Clicks, and waits for the file. */
  download(selector: string): Promise<Download>;
  resize(width: number, height: number): Promise<void>;
  prefer(scheme: 'light' | 'dark'): Promise<void>;
  close(): Promise<void>;
}

/** A browser without a window. Motion is reduced, files are downloaded without a question. */
export interface Browser {
  /** A page that is seen, with a cache and a storage of its own. */
  open(): Promise<Page>;
  close(): Promise<void>;
}

/**
 * Waits until a function returns something true in the page.
 * @param within milliseconds
 * @throws Error after that time
 */
export async function waitFor<Args extends unknown[]>(
  page: Page,
  what: InPage<Args, unknown>,
  args: Args,
  within = 100_000,
): Promise<void> {
  const end = performance.now() + within;
  let last: unknown;
  while (performance.now() < end) {
    try {
      last = await page.evaluate(what, ...args);
      if (last) return;
    } catch (error) {
      last = error; // the page is being left, say
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`in ${within / 1000} s this came to nothing but ${last}: ${what}, ${JSON.stringify(args)}`);
}

/** Waits for an element. @throws Error if it does not come */
export function appears(page: Page, selector: string): Promise<void> {
  return waitFor(page, (selector: string) => document.querySelector(selector) !== null, [selector]);
}
