import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeEnvironment } from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

interface Control {
  controlTimestep: number;
  nSubSteps: number;
  episodeSteps: number;
  action: { min: number[]; max: number[] };
  observation: Record<string, number[]>;
}

const recorded: Record<string, Control> = JSON.parse(
  readFileSync(new URL('../data/dmc/models/control.json', import.meta.url), 'utf8'),
);

describe('time, actions and observations are specified as in dm_control', () => {
  it.each(Object.entries(recorded))('%s', async (task, control) => {
    const environment = await makeEnvironment(task, { models: packagedModels });
    try {
      expect(environment.controlStep).toBeCloseTo(control.controlTimestep, 12);
      expect(environment.physicsSteps).toBe(control.nSubSteps);
      expect(environment.episodeLength).toBe(control.episodeSteps);
      expect([...environment.actionSpec.low]).toEqual(control.action.min);
      expect([...environment.actionSpec.high]).toEqual(control.action.max);
      expect(environment.observationSpec.parts.map(({ name, shape }) => [name, shape])).toEqual(
        Object.entries(control.observation),
      );
    } finally {
      environment.dispose();
    }
  });
});
