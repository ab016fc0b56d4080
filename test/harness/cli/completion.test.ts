import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workplace } from '../../e2e/support/command.ts';
import { command } from '../support/command.ts';

/** What bash would offer after these words. */
async function offered(...words: string[]): Promise<string[]> {
  const folder = workplace();
  const { stdout } = await command(folder, 'completion', 'bash');
  const script = join(folder, 'completion.bash');
  writeFileSync(script, stdout);
  const list = words.map((word) => `'${word}'`).join(' ');
  const ask = `source ${script}; COMP_WORDS=(harness ${list}); COMP_CWORD=${words.length}; _harness; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n');
}

describe('completion', () => {
  it('offers commands, subcommands and options in bash', async () => {
    expect(await offered('com')).toEqual(['compare', 'completion']);
    expect(await offered('compare', '--agen')).toEqual(['--agents']);
    expect(await offered('compare', '--agents', 'sac', '--eval')).toEqual([
      '--evaluate-every',
      '--evaluation-episodes',
      '--evaluation-starts',
    ]);
    expect(await offered('bench', 'e')).toEqual(['env']);
  });

  it('offers the values of options and the names that arguments are, one after the other in lists', async () => {
    expect(await offered('compare', '--preset', '')).toEqual(['paper', 'laptop', 'smoke']);
    expect(await offered('compare', '--agents', 'rfm-')).toEqual(['rfm-flow', 'rfm-diffusion']);
    expect(await offered('compare', '--agents', 'random,sa')).toEqual(['random,sac']);
    expect(await offered('compare', '--tasks', 'walker-w')).toEqual(['walker-walk']);
    expect(await offered('ablate', 'variance', '--schedule', 'c')).toEqual(['cosine']);
    expect(await offered('train', 'td')).toEqual(['td3']);
    expect(await offered('completion', 'b')).toEqual(['bash']);
    expect(await offered('compare', '--config', '')).toEqual(['']); // files, by bash itself
  });

  it('names every command in fish, with its description', async () => {
    const { stdout } = await command(workplace(), 'completion', 'fish');
    expect(stdout).toMatch(/-a compare -d 'train and evaluate agents/);
    expect(stdout).toMatch(/__fish_seen_subcommand_from compare' -l agents -d /);
  });
});
