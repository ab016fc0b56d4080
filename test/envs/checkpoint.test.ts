import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { makeEnvironment, taskNames } from '../../envs/index.ts';
import { actionStream } from '../../envs/trace.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';
import { continueEpisode, type Interrupted } from './continue-episode.ts';

/** A first episode of 5 steps, then 7 steps into the second. */
async function interrupt(task: string): Promise<Interrupted> {
  const environment = await makeEnvironment(task, { models: packagedModels });
  const draw = actionStream(environment, 11);
  environment.reset(11);
  for (let i = 0; i < 5; i++) environment.step(draw());
  environment.reset();
  for (let i = 0; i < 7; i++) environment.step(draw());
  const state = JSON.parse(JSON.stringify(environment.state()));
  const actions = Array.from({ length: 14 }, () => [...draw()]);
  const rest = continueEpisode(environment, actions);
  environment.dispose();
  return { task, state, actions, rest };
}

const made = new Map<string, Promise<Interrupted>>();
/** Once for each task. */
function interrupted(task: string): Promise<Interrupted> {
  const found = made.get(task) ?? interrupt(task);
  made.set(task, found);
  return found;
}

describe('a state taken in the middle of an episode continues bit for bit', () => {
  test.each(taskNames())('%s, in a new environment', async (task) => {
    const { state, actions, rest } = await interrupted(task);
    const environment = await makeEnvironment(task, { models: packagedModels, seed: 77 });
    environment.setState(state);
    expect(environment.state()).toEqual(state);
    expect(continueEpisode(environment, actions)).toEqual(rest);
    environment.dispose();
  });

  test('in a new process, for every task', async () => {
    const all: Interrupted[] = [];
    for (const task of taskNames()) all.push(await interrupted(task));
    const script = fileURLToPath(new URL('./continue-episode.ts', import.meta.url));
    const jiti = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url));
    const output = execFileSync(process.execPath, [jiti, script, 'stdin'], {
      input: JSON.stringify(all.map(({ rest: _, ...one }) => one)),
      maxBuffer: 1 << 28,
    });
    const continued = JSON.parse(output.toString('utf8')) as string[][];
    continued.forEach((rest, i) => {
      expect(rest, all[i].task).toEqual(all[i].rest);
    });
  });
});
