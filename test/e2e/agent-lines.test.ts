import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtCommand } from '../harness/support/command.ts';
import { workplace } from './support/command.ts';

const template = readFileSync(new URL('../../examples/my-agent.ts', import.meta.url), 'utf8');
const loss = 'return { loss: tf.neg(tf.mean(q)), aux: {} };';

/** The template with another loss, and the line that it has. */
function agent(otherLoss: string): { file: string; line: number } {
  const file = template.replace(loss, `return { loss: ${otherLoss}, aux: {} };`);
  expect(file).not.toBe(template);
  return { file, line: file.slice(0, file.indexOf(otherLoss)).split('\n').length };
}

describe('the package as built names the line of an agent', () => {
  it.each([
    [
      'whose operation gives a NaN',
      'tf.log(tf.neg(tf.add(tf.square(tf.mean(q)), 1)))',
      ['--backend', 'eager', '--debug-numerics'],
      /'Log' gives NaN/,
    ],
    [
      'that reads a tensor while it is compiled',
      'tf.scalar(tf.mean(q).dataSync()[0])',
      ['--backend', 'wasm'],
      /reads a tensor's values/,
    ],
    ['whose shapes do not fit', 'tf.mean(tf.add(q, tf.zeros([3, 5, 7])))', ['--backend', 'wasm'], /'Add'/],
  ])('%s', async (_, otherLoss, options, problem) => {
    const { file, line } = agent(otherLoss);
    const folder = workplace({ 'mine.ts': file });
    const words = [
      'bench',
      'update',
      './mine.ts',
      '--preset',
      'smoke',
      '--threads',
      '1',
      '--rounds',
      '1',
      '--seconds',
      '0.1',
    ];
    const { stdout, stderr } = await builtCommand(folder, ...words, ...options);
    expect(stdout + stderr).toMatch(problem);
    expect(stdout + stderr).toContain(`${folder}/mine.ts:${line}:`);
  });
});
