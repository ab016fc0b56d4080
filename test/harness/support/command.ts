/** Runs a command line inside the test's own process, which saves the start of a process each time. */
import { vi } from 'vitest';

// As built: processes that load users' files start from it in a tenth of the time that the source takes.
const { main } = (await import(
  new URL('../../../dist/harness/cli/main.js', import.meta.url).href
)) as typeof import('../../../harness/cli/main.ts');

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `harness WORDS` in a folder and collects what it says. */
export async function command(folder: string, ...words: string[]): Promise<Said> {
  const before = process.cwd();
  const said = { stdout: '', stderr: '' };
  const listen = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text: unknown) => {
      said[name] += String(text);
      return true;
    });
  const log = vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => {
    said.stdout += `${parts.join(' ')}\n`;
  });
  const spies = [listen('stdout'), listen('stderr'), log];
  process.chdir(folder);
  try {
    const code = await main(['node', 'harness', ...words]);
    return { code, ...said };
  } finally {
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}
