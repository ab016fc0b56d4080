import { expect, it } from 'vitest';
import { didYouMean, nearestNames, unknown, unknownKey } from '../../names/nearest.ts';

const agents = ['rfm-flow', 'rfm-diffusion', 'sac', 'td3', 'dqs', 'maxentdp', 'qsm', 'qvpo', 'random'];
const tasks = ['cartpole-balance', 'walker-stand', 'walker-walk', 'humanoid-walk'];

it.each<[string, readonly string[], string[]]>([
  ['rfm', agents, ['rfm-flow', 'rfm-diffusion']],
  ['diffusion', agents, ['rfm-diffusion']],
  ['RFM', agents, ['rfm-flow', 'rfm-diffusion']],
  ['sax', agents, ['sac']],
  ['maxent', agents, ['maxentdp']],
  ['walk', tasks, ['walker-walk', 'humanoid-walk', 'walker-stand']],
  ['walker-wlk', tasks, ['walker-walk']],
  ['cartpole-balanse', tasks, ['cartpole-balance']],
  ['seed', ['seedlings', 'seeds'], ['seeds']],
  ['rate', ['batchSize', 'learningRate'], ['learningRate']],
  ['zzz', agents, []],
  ['x', [], []],
  ['3', ['0', '1', '2'], []],
])('%s means of %j: %j', (value, known, meant) => {
  expect(nearestNames(value, known)).toEqual(meant);
});

it('offers a few of many', () => {
  const names = Array.from({ length: 9 }, (_, i) => `walker-${i}`);
  expect(nearestNames('walker', names)).toEqual(names.slice(0, 4));
});

it('is said in a line', () => {
  expect(didYouMean('rfm', agents)).toBe("did you mean 'rfm-flow' or 'rfm-diffusion'?");
  expect(didYouMean('walk', tasks)).toBe("did you mean 'walker-walk', 'humanoid-walk' or 'walker-stand'?");
  expect(unknown('agent', 'zzz', ['sac', 'td3'])).toBe("unknown agent 'zzz'; known: sac, td3");
  expect(unknownKey({ model: 1, timelimit: 2 }, ['model', 'timeLimit'])).toBe(
    "unknown key 'timelimit'; did you mean 'timeLimit'?",
  );
  expect(unknownKey({ model: 1 }, ['model'])).toBeUndefined();
});
