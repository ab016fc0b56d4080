import { describe, expect, test } from 'vitest';
import { compileModel } from '../../../envs/model-source.ts';
import { swimmerModel } from '../../../envs/models/swimmer.ts';
import { loadMuJoCo } from '../../../envs/mujoco.ts';
import { packagedModels } from '../../../harness/plugins/assets.ts';

const description = packagedModels('swimmer.xml');

describe('a swimmer of any length', () => {
  test('is a chain whose joints together bend by at most a full circle', async () => {
    const mujoco = await loadMuJoCo();
    for (const links of [2, 3, 8]) {
      const model = compileModel(
        mujoco,
        { xml: swimmerModel(description, links), path: 'swimmer.xml' },
        packagedModels,
      );
      try {
        expect(model.nu).toBe(links - 1);
        expect(Array.from(model.body_parentid)).toEqual([0, ...Array.from({ length: links }, (_, i) => i)]);
        expect(model.jnt_range[2 * 3 + 1]).toBeCloseTo((2 * Math.PI) / links, 12);
        expect(model.cam_pos[2]).toBeCloseTo((0.5 * links) / 6, 12);
        // The Control Suite moves the tracking cameras alone, and the light above the head stays.
        expect(Array.from(model.light_pos.slice(3, 6))).toEqual([0, 0, 1.5]);
      } finally {
        model.delete();
      }
    }
  });

  test.each([1, 0, 2.5, Number.NaN])('needs at least two links: %d', (links) => {
    expect(() => swimmerModel(description, links)).toThrow(/at least 2 links/);
  });
});
