/** Where the terminal's colours are used: by the rules of no-color.org and force-color.org, in ECMA-48's codes. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { coloursOf, painted } from '../../../harness/text/colour.ts';
import { textTable } from '../../../harness/text/text-table.ts';
import { workplace } from '../../e2e/support/command.ts';
import { command } from '../support/command.ts';

const terminal = { isTTY: true };
const pipe = {};
const [RED, YELLOW, BOLD] = ['\x1b[31m', '\x1b[33m', '\x1b[1m'];

describe('colours', () => {
  it.each([
    ['a terminal', terminal, {}, true],
    ['a pipe or a file', pipe, {}, false],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['a terminal with an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['both', terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['continuous integration', pipe, { CI: 'true' }, false],
  ])('of %s', (_, stream, environment, expected) => {
    expect(coloursOf(stream, environment).isColorSupported).toBe(expected);
  });

  it('mark the words that lines begin with, and heads of tables, and change no other character', () => {
    const text = 'agent  IQM\nsac    0.5\nnote: few seeds\nharness: note: no\n';
    const shown = painted(text, coloursOf(terminal, {}));
    expect(shown).toContain(`${YELLOW}note:`);
    expect(shown).toContain(`${RED}harness:`);
    expect(shown).toContain(`${BOLD}agent  IQM`);
    expect(shown.split(YELLOW)).toHaveLength(2);
    expect(stripVTControlCharacters(shown)).toBe(text);
    expect(painted(text, coloursOf(pipe, {}))).toBe(text);
  });

  it('leave the columns of a table where they are', () => {
    const cells = [
      ['a', 1],
      ['longer', 22],
    ];
    const painter = (cell: string) => `${RED}${cell}\x1b[39m`;
    const shown = textTable(['name', 'n'], cells, painter);
    expect(stripVTControlCharacters(shown)).toBe(textTable(['name', 'n'], cells));
  });
});

describe('commands', () => {
  const folder = workplace({
    'results/a/manifest.json': JSON.stringify({
      status: 'failed',
      runs: [{ task: 'walker-walk', agent: 'sac', seed: 0, status: 'failed' }],
    }),
  });

  it('colour errors, states and the titles of help where that is asked for', async () => {
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('FORCE_COLOR', '1');
    try {
      expect((await command(folder, 'compare', '--quik')).stderr).toContain(`${RED}harness:`);
      expect((await command(folder, 'agents', 'sca')).stderr).toContain(`${RED}harness:`);
      expect((await command(folder, 'list')).stdout).toContain(`${RED}failed`);
      expect((await command(folder, 'list', '--help')).stdout).toContain(`${BOLD}Usage:`);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('write none into pipes', async () => {
    vi.stubEnv('NO_COLOR', '');
    vi.stubEnv('FORCE_COLOR', '');
    try {
      for (const words of [['compare', '--quik'], ['list'], ['list', '--help'], ['agents', 'sca']]) {
        const { stdout, stderr } = await command(folder, ...words);
        expect(`${stdout}${stderr}`, words.join(' ')).not.toContain('\x1b');
      }
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
