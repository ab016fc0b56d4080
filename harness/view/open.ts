/** Opens an address in the user's browser. */
import { spawn } from 'node:child_process';

/** @param note called with one line if there is no browser to open */
export function openInBrowser(address: string, note: (line: string) => void): void {
  const [program, ...words] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', address]
        : ['xdg-open', address];
  const child = spawn(program, words, { stdio: 'ignore', detached: true });
  child.on('error', () => note(`no browser could be opened; go to ${address}`));
  child.unref();
}
