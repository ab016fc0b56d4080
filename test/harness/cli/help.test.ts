import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { program } from '../../../harness/cli/main.ts';
import { parseSet, resolveConfig, resolvePlan } from '../../../harness/plan/resolve.ts';
import { checkSettings } from '../../../harness/plan/settings.ts';
import { loadAgent } from '../../../harness/plugins/load-agent.ts';

interface Help {
  readonly command: string;
  readonly text: string;
}

/** What `--help` prints for a command and everything below it. */
function helpOf(command: Command, path = command.name()): Help[] {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  const below = command.commands.flatMap((child) => helpOf(child, `${path} ${child.name()}`));
  return [{ command: path, text }, ...below];
}

const helps = helpOf(program());

interface Example {
  readonly line: string;
  readonly assignment: string;
}

/** The values of `--set` in the command lines of a text. */
function setExamples(text: string): Example[] {
  const lines = text.split('\n').filter((line) => /^\s*(npx )?harness .*--set /.test(line));
  return lines.flatMap((line) =>
    [...line.matchAll(/--set (\S+)/g)].map(([, assignment]) => ({ line: line.trim(), assignment })),
  );
}

async function checkExample({ line, assignment }: Example): Promise<void> {
  const ablated = /\bablate\b/.test(line) ? (/--agent (\S+)/.exec(line)?.[1] ?? 'rfm-flow') : undefined;
  const set = parseSet([ablated === undefined ? assignment : `${ablated}.${assignment}`]);
  for (const [agent, keys] of Object.entries(set)) {
    resolveConfig(await loadAgent(agent), 'laptop', keys, agent);
  }
}

describe('the examples of --help', () => {
  const examples = helps.flatMap(({ text }) => setExamples(text));

  it('are printed by every command that does something', () => {
    const leaves = helps.filter(({ text }) => !/^Commands:/m.test(text));
    expect(leaves.length).toBeGreaterThan(20);
    for (const { command, text } of leaves) expect(text, command).toMatch(/^Examples?:/m);
  });

  it.each(examples)('set keys that exist: $assignment', checkExample);

  it('show --set for compare and train', () => {
    expect(examples.filter(({ line }) => /harness (compare|train)/.test(line)).length).toBeGreaterThan(1);
  });

  it('refuse a key that does not exist', async () => {
    const gone = { line: 'harness train rfm-flow', assignment: 'rfm-flow.etta=0.5' };
    await expect(checkExample(gone)).rejects.toThrow(/unknown key of rfm-flow 'etta'/);
  });

  it('hold a --config file that makes a plan', async () => {
    const text = helps.find(({ command }) => command === 'harness compare')?.text ?? '';
    const yaml = /A --config file[^\n]*:\n([\s\S]+?)\n\s*\n?$/.exec(text)?.[1] ?? '';
    const plan = await resolvePlan(checkSettings(parse(yaml), 'the example'));
    expect(plan.agents.map(({ label }) => label)).toEqual(['sac', 'rfm-flow-eta0']);
    expect(plan.agents[1].config).toMatchObject({ estimator: 'eta=0' });
  });
});

describe('README and docs', () => {
  const folder = new URL('../../../', import.meta.url);
  const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
  const pages = readdirSync(new URL('docs/', folder)).filter((file) => file.endsWith('.md'));
  const examples = ['README.md', ...pages.map((page) => `docs/${page}`)].flatMap((page) =>
    setExamples(read(page)),
  );

  it.each(examples)('set keys that exist: $assignment', checkExample);

  it('name every ablation', () => {
    const ablations = helps.flatMap(({ command }) => /^harness ablate ([\w-]+)$/.exec(command)?.[1] ?? []);
    expect(ablations).toContain('soft-q');
    for (const name of ablations) {
      expect(read('README.md')).toContain(`\`${name}\``);
      expect(read('docs/ablations.md')).toContain(`\`${name}\``);
    }
  });
});
