import { describe, expect, test } from 'vitest';
import { defineTask, type TaskDescription } from '../../envs/domain.ts';
import { DivergenceError, ModelError, TaskError } from '../../envs/errors.ts';
import { makeEnvironment } from '../../envs/index.ts';

const model =
  '<mujoco><worldbody><body><joint name="j" type="slide"/><geom size="1"/></body></worldbody>' +
  '<actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>';
const none = () => expect.fail('no file is read');

const make = (own: Partial<TaskDescription>) =>
  makeEnvironment(
    defineTask('slide-far', {
      model,
      timeLimit: 1,
      observe: (physics, observation) => {
        observation.add('position', physics.qpos);
      },
      reward: () => 0,
      ...own,
    }),
    { models: none },
  );

const thrown = (): never => {
  throw new Error('no more');
};

describe('what a description of a task throws names the task and the step, and a reset begins anew', () => {
  const late = (physics: { time: number }) => (physics.time > 0.0021 ? thrown() : 0);
  test.each<[string, Partial<TaskDescription>]>([
    ['reward', { reward: late }],
    ['terminates', { terminates: (physics) => late(physics) > 0 }],
    [
      'observe',
      {
        observe: (physics, observation) => {
          observation.add('position', late(physics));
        },
      },
    ],
  ])('%s', async (_, own) => {
    const environment = await make(own);
    for (let episode = 0; episode < 2; episode++) {
      environment.reset(0);
      environment.step([0]);
      expect(() => environment.step([0])).toThrow(TaskError);
      expect(() => environment.step([0])).toThrow('call reset() first');
      environment.reset();
      environment.step([0]);
      expect(() => environment.step([0])).toThrow('slide-far: its description threw at step 2: no more');
    }
    environment.dispose();
  });

  test('initialize', async () => {
    const environment = await make({ initialize: thrown });
    expect(() => environment.reset(0)).toThrow('slide-far: its description threw at a reset: no more');
    environment.dispose();
  });

  test('a name that the model does not have', async () => {
    const environment = await make({ reward: (physics) => physics.data('xpos', 'cart')[0] });
    environment.reset(0);
    expect(() => environment.step([0])).toThrow(ModelError);
    environment.reset();
    expect(() => environment.step([0])).toThrow(/^slide-far: the model has no body 'cart'/);
    environment.dispose();
  });

  test('a reward that is a text', async () => {
    const environment = await make({ reward: () => '0.5' as never });
    environment.reset(0);
    expect(() => environment.step([0])).toThrow(
      new DivergenceError('slide-far: the reward is no number but string at step 1'),
    );
    environment.dispose();
  });

  test('a model that is no text', async () => {
    expect(() => make({ model: 5 as never })).toThrow('slide-far: model must be MJCF text, or a function');
    await expect(make({ model: () => undefined as never })).rejects.toThrow(
      'slide-far: the model must be MJCF text, found undefined',
    );
  });
});
