import { expect, it } from 'vitest';
import { hostAgent } from '../../agents/host.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';

const none = () => ({});
const acting = { draws: none, act: none };

const make = (own: object) => {
  const algorithm = { name: 'mine', initialise: none, draws: none, updates: [], policy: none, ...own };
  return hostAgent({ explore: acting, exploit: acting, ...algorithm } as never, {
    observation: { size: 1 },
    action: { size: 1 },
    config: { batchSize: 1, randomSteps: 0, updatesPerStep: 0, replayCapacity: 1 },
    random: RandomStream.fromSeed(1),
    engine: createEngine({ backend: 'wasm' }),
  });
};

it.each<[string, object, string]>([
  [
    'another law',
    { draws: () => ({ eps: { law: 'gaussian', shape: [2] } }) },
    "mine: draws: the noise 'eps' has the law \"gaussian\"; expected 'normal' or 'uniform'",
  ],
  [
    'another key',
    { explore: { ...acting, draws: () => ({ e: { law: 'normal', shape: [2], scale: 2 } }) } },
    "mine: explore.draws: the noise 'e' has the unknown key 'scale'; known: law, shape",
  ],
  [
    'no shape',
    { exploit: { ...acting, draws: () => ({ e: { law: 'uniform', size: 3 } }) } },
    "mine: exploit.draws: the noise 'e' has the shape undefined; expected a list of whole numbers",
  ],
])('noise with %s is refused when the agent is made', async (_, own, line) => {
  await expect(make(own)).rejects.toThrow(new TypeError(line));
});

it.each<[object, string]>([
  [{ temprature: {} }, "mine: unknown key 'temprature'; did you mean 'temperature'?"],
  [{ explore: { ...acting, draw: none } }, "mine: explore: unknown key 'draw'; did you mean 'draws'?"],
  [{ exploit: { ...acting, actions: none } }, "mine: exploit: unknown key 'actions'; known: draws, act"],
  [
    { updates: [{ metrics: [], step: none, reports: none }] },
    "mine: updates[0]: unknown key 'reports'; did you mean 'report'?",
  ],
])('an unknown key of an algorithm is refused when the agent is made: %j', async (own, line) => {
  await expect(make(own)).rejects.toThrow(new TypeError(line));
});
