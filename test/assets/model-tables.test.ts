import loadMujoco from '@mujoco/mujoco';
import { describe, expect, it } from 'vitest';
import { compiledTable } from './compiled-table.ts';
import { compile, isWritten, modelText, recordedTable, tableNames } from './model-catalog.ts';
import { tableDifferences } from './table-difference.ts';

const mujoco = await loadMujoco();

describe('a compiled model contains exactly the numbers of the recorded Control Suite model', () => {
  for (const name of tableNames) {
    it.runIf(isWritten(name))(name, () => {
      const model = compile(mujoco, modelText(name));
      try {
        expect(tableDifferences(compiledTable(mujoco, model), recordedTable(name))).toEqual([]);
      } finally {
        model.delete();
      }
    });
  }
});

describe('the comparison itself', () => {
  const table = { geom: [{ id: 0, name: 'floor', size: [1, 2] }], site: [] };

  it('accepts differences below one part in a million', () => {
    expect(
      tableDifferences({ geom: [{ id: 0, name: 'floor', size: [1 + 9e-7, 2] }], site: [] }, table),
    ).toEqual([]);
  });

  it('reports a changed number, a changed name, an extra row and a missing row', () => {
    const found = { geom: [{ id: 0, name: 'ground', size: [1, 2.00001] }], site: [{ id: 0, name: 'tip' }] };
    expect(tableDifferences(found, table)).toEqual([
      'geom[0 floor].name: "ground" ≠ "floor"',
      'geom[0 floor].size: [1,2.00001] ≠ [1,2]',
      'site[0 tip]: not in the table',
    ]);
    expect(tableDifferences({ geom: [], site: [] }, table)).toEqual(['geom[0 floor]: missing']);
  });
});
