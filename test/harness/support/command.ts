/** Runs a command line inside the test's own process, which saves the start of a process each time. */
import { vi } from 'vitest';
import type { main } from '../../../harness/cli/main.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `harness WORDS` in a folder and collects what it says. */
export async function command(folder: string, ...words: string[]): Promise<Said> {
  return said((await import('../../../harness/cli/main.ts')).main, folder, words);
}

/** As built: its processes that load users' files start in a tenth of the time that the source takes. */
export async function builtCommand(folder: string, ...words: string[]): Promise<Said> {
  const built = new URL('../../../dist/harness/cli/main.js', import.meta.url).href;
  return said(((await import(built)) as { main: typeof main }).main, folder, words);
}

async function said(run: typeof main, folder: string, words: string[]): Promise<Said> {
  const [before, argv] = [process.cwd(), process.argv];
  const heard = { stdout: '', stderr: '' };
  const listen = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text: unknown) => {
      heard[name] += String(text);
      return true;
    });
  const log = vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => {
    heard.stdout += `${parts.join(' ')}\n`;
  });
  const spies = [listen('stdout'), listen('stderr'), log];
  process.chdir(folder);
  process.argv = ['node', 'harness', ...words];
  try {
    const code = await run(process.argv);
    return { code, ...heard };
  } finally {
    process.chdir(before);
    process.argv = argv;
    for (const spy of spies) spy.mockRestore();
  }
}
