/** The table of constants in docs/fairness.md against the presets. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { presets } from '../../agents/agent.ts';
import { builtInAgents } from '../../agents/registry.ts';

const learners = builtInAgents.filter(({ name }) => name !== 'random');
const page = readFileSync(new URL('../../docs/fairness.md', import.meta.url), 'utf8');

/** The cells of each row of the table below this heading, without its two head rows. */
function tableBelow(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** "agent.key" → values of paper, laptop, smoke. */
type Constants = Map<string, readonly string[]>;

/** A row says: key, agents (`all`, or some), paper, laptop, smoke; an empty cell is as paper. */
function ofTable(): Constants {
  const found: Constants = new Map();
  for (const [key, agents, paper, laptop, smoke] of tableBelow('Every constant')) {
    const names = agents === 'all' ? learners.map(({ name }) => name) : agents.split(', ');
    for (const name of names) {
      const place = `${name}.${key.replaceAll('`', '')}`;
      expect(found.has(place), `${place} stands twice`).toBe(false);
      found.set(place, [paper, laptop || paper, smoke || paper]);
    }
  }
  return found;
}

function ofPresets(): Constants {
  const found: Constants = new Map();
  for (const agent of learners) {
    for (const key of Object.keys(agent.presets.paper)) {
      const values = presets.map(
        (preset) => (agent.presets[preset] as unknown as Record<string, unknown>)[key],
      );
      found.set(`${agent.name}.${key}`, values.map(String));
    }
  }
  return found;
}

test('docs/fairness.md has every constant of every agent and preset', () => {
  const sorted = (constants: Constants) => Object.fromEntries([...constants].sort());
  expect(sorted(ofTable())).toEqual(sorted(ofPresets()));
});
