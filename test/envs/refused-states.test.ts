import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defineTask } from '../../envs/domain.ts';
import { ActionError, StateError } from '../../envs/errors.ts';
import { makeEnvironment } from '../../envs/index.ts';

const models = (file: string) => readFileSync(new URL(`../../assets/${file}`, import.meta.url), 'utf8');
const action = (size: number, step: number) => Array.from({ length: size }, (_, i) => Math.sin(step + i));

describe('a saved state of a model of the same sizes', () => {
  const make = (mass: number, gravity: number) =>
    makeEnvironment(
      defineTask('block-slide', {
        model: `<mujoco><option gravity="0 0 ${gravity}"/><worldbody><body><joint name="slide" type="slide"/>
          <geom size=".1" mass="${mass}"/></body></worldbody><actuator><motor joint="slide" ctrllimited="true"
          ctrlrange="-1 1"/></actuator></mujoco>`,
        timeLimit: 1,
        observe: (physics, observation) => observation.add('position', physics.qpos),
        reward: () => 0,
      }),
      { models: () => '', seed: 0 },
    );

  test.each([
    [1, -9.81, true],
    [7, -9.81, false],
    [1, -1.62, false],
  ])('but of mass %d and gravity %d is taken: %s', async (mass, gravity, taken) => {
    const [first, second] = [await make(1, -9.81), await make(mass, gravity)];
    first.reset(0);
    first.step([0.5]);
    second.reset(0);
    const saved = first.state();
    if (taken) expect(() => second.setState(saved)).not.toThrow();
    else expect(() => second.setState(saved)).toThrow(StateError);
    // Those of earlier versions tell less.
    const { compiled: _, ...physics } = saved.physics as Record<string, unknown>;
    expect(() => second.setState({ ...saved, physics } as never)).not.toThrow();
    first.dispose();
    second.dispose();
  });
});

describe('a state or an action that is refused changes nothing', () => {
  test.each(['quadruped-fetch', 'manipulator-bring_ball', 'finger-turn_hard'])('%s', async (task) => {
    const environment = await makeEnvironment(task, { models, seed: 3 });
    const { size } = environment.actionSpec;
    const roll = (steps: number) => {
      const rows = [];
      for (let i = 0; i < steps; i++) {
        const { observation, reward } = environment.step(action(size, i).map((a) => a * 0.7));
        rows.push([...observation, reward]);
      }
      return [...rows, [...environment.reset().observation]];
    };
    environment.reset();
    const early = JSON.parse(JSON.stringify(environment.state()));
    for (let i = 0; i < 10; i++) environment.step(action(size, i).map((a) => a * 0.5));
    const here = environment.state();
    const undisturbed = roll(10);

    environment.setState(here);
    const torn = [
      null,
      {},
      { ...early, physics: {} },
      { ...early, physics: { ...early.physics, model: 'torn' } },
      { ...early, random: {} },
      { ...early, observation: '' },
      { ...early, reward: 'torn' },
      { ...early, phase: 'unheard of' },
      { ...early, steps: 'many' },
    ];
    for (const state of torn) expect(() => environment.setState(state as never)).toThrow(StateError);
    const wrong = [
      null,
      undefined,
      [],
      action(size + 1, 0),
      action(size, 0).fill(Number.NaN),
      '0'.repeat(size),
    ];
    for (const each of wrong) expect(() => environment.step(each as never)).toThrow(ActionError);
    expect(roll(10)).toEqual(undisturbed);
    environment.dispose();
  });
});
