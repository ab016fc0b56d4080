/** The command on a terminal: a pseudo-terminal that `script` of util-linux opens. Skipped where that is missing. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { workplace } from './support/command.ts';

const bin = fileURLToPath(new URL('../../bin/harness.js', import.meta.url));
const isThere = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
if (!isThere) console.warn('SKIPPED: no terminal is tried, since there is no script of util-linux');

const folder = workplace();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What somebody at a terminal sees who types an answer once it is asked for. @returns the exit code, and the text */
function atTerminal(words: string, asked: RegExp, answer: string): Promise<{ code: number; seen: string }> {
  const { NO_COLOR: _, ...env } = process.env;
  const line = `${process.execPath} ${bin} ${words}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: { ...env, TERM: 'xterm', FORCE_COLOR: undefined },
  });
  let seen = '';
  let answered = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
    if (answered || !asked.test(seen)) return;
    answered = true;
    child.stdin.write(answer);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, seen })));
}

const CTRL_C = '\x03';
const begun = () => existsSync(join(folder, 'results'));

describe.skipIf(!isThere)('at a terminal', () => {
  it('the default comparison asks, and does not begin for another answer than yes', async () => {
    const { code, seen } = await atTerminal('compare --out asked', /begin\? \[y\/N\]/, '\n');
    expect(stripVTControlCharacters(seen)).toMatch(
      /running the default comparison[\s\S]*duration +about[\s\S]*begin\? \[y\/N\]/,
    );
    expect(code).toBe(130);
    expect(begun()).toBe(false);
  }, 300_000);

  it('with --yes it begins without a question, and Ctrl-C ends it', async () => {
    const { code, seen } = await atTerminal('compare --yes --out unasked', /runs \|/, CTRL_C);
    expect(seen).not.toContain('begin?');
    expect(stripVTControlCharacters(seen)).toContain('go on with: harness compare --resume --out unasked');
    expect(code).toBe(130);
    expect(begun()).toBe(true);
  }, 300_000);

  it('errors are red', async () => {
    const { code, seen } = await atTerminal('compare --agents sca', /never/, '');
    expect(seen).toContain('\x1b[31mharness:');
    expect(stripVTControlCharacters(seen)).toContain("harness: unknown agent 'sca'; did you mean 'sac'?");
    expect(code).toBe(2);
  });
});
