import { expect, it } from 'vitest';
import { pages } from '../../bench/docs-tables.ts';

it('tables of docs/ are those of the records: npx jiti bench/docs-tables.ts writes them', () => {
  const found = pages();
  expect(found.length).toBeGreaterThan(0);
  for (const { text, wanted } of found) expect(text).toBe(wanted);
});
