/** A browser of the Chromium family without a window, which opens one page of this process and tells it something. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { UserError } from '../text/errors.ts';

/** The browser did not do what it was asked to; the message says why. */
export class BrowserError extends UserError {
  override readonly name = 'BrowserError';
}

/** A signal asked this process to end; the browser and its files are gone. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
/** Where installers put it on systems without a folder of programs. */
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ...['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((folder) => {
    const path = process.env[folder];
    return path === undefined ? [] : [join(path, 'Google/Chrome/Application/chrome.exe')];
  }),
];

/**
 * The browser that CHROMIUM names, or the first that is installed; undefined if none is.
 * @throws UserError if CHROMIUM names nothing
 */
export function findChromium({ CHROMIUM, PATH = '' } = process.env): string | undefined {
  if (CHROMIUM) {
    if (!existsSync(CHROMIUM)) throw new UserError(`CHROMIUM names ${CHROMIUM}, which is not there`);
    return CHROMIUM;
  }
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  return [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PLACES].find(
    existsSync,
  );
}

/** WebGL is drawn in software: everywhere the same, and there without a graphics card. */
const OPTIONS = [
  '--headless',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-extensions',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--force-device-scale-factor=1',
  '--force-color-profile=srgb',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  // Chromium refuses its sandbox to root. The page is ours, and nothing else is loaded.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/**
 * Opens a page, and ends the browser when the outcome is there.
 * @param address of the page
 * @param outcome settled by what the page tells this process
 * @returns the outcome
 * @throws BrowserError if it does not start, or ends before; Interrupted at SIGINT and SIGTERM
 */
export async function withPage<T>(program: string, address: string, outcome: Promise<T>): Promise<T> {
  let interrupt = (): void => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(new Interrupted('interrupted'));
  });
  // Awaited below, unless the browser cannot be started at all.
  interrupted.catch(() => {});
  // Before there is a browser: no signal may come between.
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const profile = mkdtempSync(join(tmpdir(), 'harness-browser-'));
  const browser = spawn(program, [...OPTIONS, `--user-data-dir=${profile}`, address], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  browser.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-4000);
  });
  const ended = new Promise<string>((resolve) => {
    browser.once('error', ({ message }) => resolve(message));
    browser.once('close', (code, signal) => resolve(`ended with ${signal ?? code}: ${lastLine(said)}`));
  });
  const kill = () => void browser.kill('SIGKILL');
  process.once('exit', kill);
  try {
    const early = ended.then((why): never => {
      throw new BrowserError(`${program} ${why}`);
    });
    return await Promise.race([outcome, early, interrupted]);
  } finally {
    browser.kill('SIGINT'); // at SIGTERM Chromium leaves a folder of its own behind
    const patience = setTimeout(kill, 5000);
    await ended;
    clearTimeout(patience);
    process.off('exit', kill).off('SIGINT', interrupt).off('SIGTERM', interrupt);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) || 'it said nothing';
