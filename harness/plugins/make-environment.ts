/** Environments for scripts: the models come with the package. */

import type { ControlEnvironment } from '../../envs/control-environment.ts';
import type { Task } from '../../envs/domain.ts';
import { type EnvironmentOptions, makeEnvironment as make } from '../../envs/index.ts';
import { makeSeveral } from '../../envs/room.ts';
import { VectorEnvironment, type VectorOptions } from '../../envs/vector.ts';
import { refuseUnknownKeys } from '../text/known-keys.ts';
import { packagedModels } from './assets.ts';

/** What an environment may be given; nothing has to be. */
export type MakeOptions = Partial<EnvironmentOptions>;

const makeKeys = { models: true, seed: true } as const;

/**
 * The environment of a task: `const environment = await makeEnvironment('walker-walk')`.
 * @param task a name as `taskNames()` lists them, or a description
 * @param options `seed` of the random state that resets draw from (default 0, as dm_control's `random`); `models` reads
 *   model files of a description (default: those of the package)
 * @throws TaskError for an unknown name, ModelError if the model does not compile, UserError for an unknown option
 */
export async function makeEnvironment(
  task: string | Task,
  options: MakeOptions = {},
): Promise<ControlEnvironment> {
  refuseUnknownKeys<MakeOptions>('makeEnvironment', options, makeKeys);
  const { models = packagedModels, seed = 0 } = options;
  const [environment] = await makeSeveral(1, () => make(task, { models, seed }));
  return environment;
}

/**
 * `count` environments of a task, stepped together: actions [n, act] in, observations [n, obs] out. Environment i has the
 * seed `seed` + i.
 * @throws TaskError for an unknown name or a count below 1, ModelError if the model does not compile or there is no room for
 *   so many simulations; those that were made are disposed of
 */
export async function makeVectorEnvironment(
  task: string | Task,
  count: number,
  options: MakeOptions & VectorOptions = {},
): Promise<VectorEnvironment> {
  const known = { ...makeKeys, autoReset: true } as const;
  refuseUnknownKeys<MakeOptions & VectorOptions>('makeVectorEnvironment', options, known);
  const { seed = 0, models = packagedModels, autoReset } = options;
  const length = Number.isInteger(count) && count > 0 ? count : 0;
  const made = await makeSeveral(length, (i) => make(task, { models, seed: seed + i }));
  return new VectorEnvironment(made, { autoReset });
}
