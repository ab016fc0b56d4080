import { describe, expect, it } from 'vitest';
import { replaceOnce } from '../../envs/models/xml-text.ts';
import { loadMuJoCo } from '../../envs/mujoco.ts';
import { compiledTable } from './compiled-table.ts';
import { compileTask } from './model-catalog.ts';

const mujoco = await loadMuJoCo();

describe('a cartpole with several poles', () => {
  const table = (task: string) => {
    const model = compileTask(mujoco, `cartpole-${task}`);
    try {
      return compiledTable(mujoco.module, model) as Record<string, Record<string, unknown>[]>;
    } finally {
      model.delete();
    }
  };

  it.each([
    ['swingup', 1],
    ['two_poles', 2],
    ['three_poles', 3],
  ])('is a chain, hinged tip to foot: %s', (task, poles) => {
    const { body, joint } = table(task);
    expect(joint.map(({ name }) => name)).toEqual(
      ['slider', 'hinge_1', 'hinge_2', 'hinge_3'].slice(0, 1 + poles),
    );
    expect(body.slice(2).map(({ name, parent, pos }) => ({ name, parent, pos }))).toEqual(
      [
        { name: 'pole_1', parent: 'cart', pos: [0, 0, 0] },
        { name: 'pole_2', parent: 'pole_1', pos: [0, 0, 1] },
        { name: 'pole_3', parent: 'pole_2', pos: [0, 0, 1] },
      ].slice(0, poles),
    );
  });

  it('has equal poles', () => {
    const poles = table('three_poles').body.slice(2);
    for (const { mass, inertia } of poles) {
      expect(mass).toBe(0.1);
      expect(inertia).toEqual(poles[0].inertia);
    }
  });
});

describe('an edit of a model text', () => {
  it('refuses a text that lacks its place, or has it twice', () => {
    expect(() => replaceOnce('<a/>', '<b/>', '')).toThrow(/0 places "<b\/>"/);
    expect(() => replaceOnce('<b/><b/>', '<b/>', '')).toThrow(/2 places/);
  });
});
