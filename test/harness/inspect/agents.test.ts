import { expect, it } from 'vitest';
import { agentConfigs, describeAgents } from '../../../harness/inspect/agents.ts';

const adam = { adamBeta1: 0.9, adamBeta2: 0.999, adamEpsilon: 1e-8 }; // Kingma and Ba 2015

it.each([
  ['sac', { ...adam, critics: 2, logStdMin: -20, logStdMax: 2, jacobianFloor: 1e-6 }],
  ['td3', { ...adam, critics: 2 }],
  ['dqs', { ...adam, weightFloor: 1e-3 }],
  ['maxentdp', { ...adam, dataBound: 1, pathOffset: 0.008 }],
  ['qsm', { ...adam, betaMin: 0.1 }],
  ['qvpo', { ...adam, dataBound: 1 }],
  ['rfm-flow', { ...adam, actionEdge: 1e-4, regressionDraws: 8 }],
  ['rfm-diffusion', { ...adam, betaMin: 0.1, betaMax: 20, sigmaMin: 0.01, sigmaMax: 5 }],
])('agents shows what the code of %s fixes', async (name, constants) => {
  const [row] = await describeAgents([name]);
  expect(row.constants).toMatchObject(constants);
  const text = agentConfigs([row]);
  for (const [key, value] of Object.entries(constants)) {
    expect(text).toMatch(new RegExp(`^${key} +${value}$`, 'm'));
  }
});

it('no constant of the code bears the name of a key of the config', async () => {
  for (const { presets, constants } of await describeAgents([])) {
    expect(Object.keys(constants).filter((key) => key in presets.paper)).toEqual([]);
  }
});

it('agents that fix nothing, or tell of nothing, have an empty list', async () => {
  const [row] = await describeAgents(['random']);
  expect(row.constants).toEqual({});
  expect(agentConfigs([row])).not.toContain('fixed in the code');
});
