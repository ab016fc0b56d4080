import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { workplace } from '../../e2e/support/command.ts';
import { command } from '../support/command.ts';

const manifest = (status: string, startedAt: string, runs: readonly string[]) =>
  JSON.stringify({
    status,
    startedAt,
    command: ['harness', 'compare', '--out', status],
    runs: runs.map((run, seed) => ({ task: 'walker-walk', agent: 'sac', seed, status: run })),
  });

describe('harness list', () => {
  const folder = workplace({
    'results/old/manifest.json': manifest('done', '2026-01-02T03:04:05.678Z', ['done', 'done']),
    'results/group/newer/manifest.json': manifest('failed', '2026-02-02T03:04:05.678Z', ['done', 'failed']),
    'results/group/newer/runs/manifest.json': manifest('done', '2026-02-02T03:04:05.678Z', []),
    'results/killed/manifest.json': manifest('running', '2026-01-03T00:00:00.000Z', ['running', 'waiting']),
    'results/stopped/manifest.json': manifest('interrupted', '2026-01-01T00:00:00.000Z', ['interrupted']),
    'results/torn/manifest.json': '{"status":',
    'results/notes/todo.txt': '',
  });

  it('tells the state, date and command of all comparisons, the newest first', async () => {
    const { code, stdout } = await command(folder, 'list');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'name         state        runs  started (UTC)     command',
      'group/newer  failed        1/2  2026-02-02 03:04  harness compare --out failed',
      'killed       stopped       0/2  2026-01-03 00:00  harness compare --out running',
      'old          done          2/2  2026-01-02 03:04  harness compare --out done',
      'stopped      interrupted   0/1  2026-01-01 00:00  harness compare --out interrupted',
      'torn         unreadable    0/0',
    ]);
  });

  it('tells a command as a shell reads it', async () => {
    const words = ['harness', 'compare', '--set', 'mine.sizes=[64, 64]', '--out', "it's $HOME", ' a', ''];
    const odd = JSON.stringify({ status: 'done', command: words, runs: [] });
    const { stdout } = await command(workplace({ 'results/odd/manifest.json': odd }), 'list', '--json');
    const [{ command: told }] = JSON.parse(stdout);
    const read = execFileSync('bash', ['-c', `printf '%s|' ${told}`], { encoding: 'utf8' });
    expect(read).toBe(words.map((word) => `${word}|`).join(''));
  });

  it('shows one comparison, by name or path', async () => {
    for (const name of ['old', 'results/old']) {
      const { code, stdout } = await command(folder, 'list', name);
      expect(code).toBe(0);
      expect(stdout.trimEnd().split('\n').slice(1)).toEqual([
        'results/old  done    2/2  2026-01-02 03:04  harness compare --out done',
      ]);
    }
  });

  it('is JSON with --json', async () => {
    const { stdout } = await command(folder, 'list', '--json');
    expect(JSON.parse(stdout)[0]).toEqual({
      name: 'group/newer',
      folder: 'results/group/newer',
      state: 'failed',
      done: 1,
      runs: 2,
      startedAt: '2026-02-02T03:04:05.678Z',
      command: 'harness compare --out failed',
    });
  });

  it('says how to begin where there is nothing', async () => {
    const { code, stdout } = await command(workplace(), 'list');
    expect([code, stdout]).toEqual([0, 'nothing under results yet: harness compare --quick begins\n']);
  });
});
