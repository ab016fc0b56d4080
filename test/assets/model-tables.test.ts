import { describe, expect, it } from 'vitest';
import { loadMuJoCo } from '../../envs/mujoco.ts';
import { compiledTable } from './compiled-table.ts';
import { compileTask, recordedTable, tableNames, tasksOf } from './model-catalog.ts';
import { tableDifferences } from './table-difference.ts';

const mujoco = await loadMuJoCo();

describe('the model of a task contains exactly the numbers of the recorded Control Suite model', () => {
  for (const table of tableNames) {
    it.each(tasksOf(table))('%s', (task) => {
      const model = compileTask(mujoco, task);
      try {
        expect(tableDifferences(compiledTable(mujoco.module, model), recordedTable(table))).toEqual([]);
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
