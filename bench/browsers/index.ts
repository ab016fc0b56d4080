/** The browsers that are driven here, as Debian packages them: apt-get install chromium firefox-esr. */
import { existsSync } from 'node:fs';
import { startChromium } from './chromium.ts';
import { startFirefox } from './firefox.ts';
import type { Browser } from './page.ts';

export interface BrowserKind {
  readonly name: string;
  readonly executablePath: string;
  readonly installed: boolean;
  /** Whether pages have WebGL. */
  readonly webgl: boolean;
  start(): Promise<Browser>;
}

function kind(
  name: string,
  executablePath: string,
  webgl: boolean,
  start: (executablePath: string) => Promise<Browser>,
): BrowserKind {
  const installed = existsSync(executablePath);
  return { name, executablePath, installed, webgl, start: () => start(executablePath) };
}

export const browsers: readonly BrowserKind[] = [
  kind('Chromium', process.env.CHROMIUM ?? '/usr/bin/chromium', true, startChromium),
  kind('Firefox', process.env.FIREFOX ?? '/usr/bin/firefox-esr', false, startFirefox),
];
