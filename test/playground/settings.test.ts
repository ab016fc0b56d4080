import { describe, expect, it } from 'vitest';
import {
  commandOf,
  linkOf,
  parseSeeds,
  runsOf,
  type Settings,
  settingsOfLink,
} from '../../playground/settings.ts';

const usual: Settings = {
  task: 'cartpole-balance',
  steps: 5000,
  evaluateEvery: 1000,
  evaluationEpisodes: 2,
  seeds: [0],
  agents: [{ agent: 'rfm-flow', preset: 'smoke' }],
};
const chosen: Settings = {
  task: 'walker-walk',
  steps: 20_000,
  evaluateEvery: 2000,
  evaluationEpisodes: 3,
  seeds: [1, 4],
  agents: [
    { agent: 'rfm-flow', preset: 'laptop', set: { estimator: 'eta=0.5', priorDraws: 32 } },
    { agent: 'sac', preset: 'smoke', set: {} },
  ],
};

describe('a link', () => {
  it('carries all settings', () => {
    expect(settingsOfLink(`#${linkOf(chosen)}`, usual)).toEqual(chosen);
  });

  it('leaves what is spoilt as usual, and takes four agents at most', () => {
    const agents = Array.from({ length: 6 }, () => 'agent=sac+smoke').join('&');
    const read = settingsOfLink(
      `#steps=-3&evaluateEvery=x&seeds=a&task=hopper-hop&${agents}&agent=sac+huge`,
      usual,
    );
    expect(read).toEqual({
      ...usual,
      task: 'hopper-hop',
      agents: Array.from({ length: 4 }, () => ({ agent: 'sac', preset: 'smoke', set: {} })),
    });
  });
});

describe('the command of a run', () => {
  it('trains every agent with every seed', () => {
    expect(runsOf(chosen).map(({ agent, seed }) => [agent, seed])).toEqual([
      ['rfm-flow', 1],
      ['rfm-flow', 4],
      ['sac', 1],
      ['sac', 4],
    ]);
    expect(commandOf(runsOf(chosen)[1])).toBe(
      'harness train rfm-flow walker-walk --preset laptop --seed 4 --steps 20000 --evaluate-every 2000 --evaluation-episodes 3 --set rfm-flow.estimator=eta=0.5 --set rfm-flow.priorDraws=32 --backend wasm --threads 1',
    );
  });

  it('quotes what a shell would carry out', () => {
    const [run] = runsOf({
      ...usual,
      agents: [{ agent: 'sac', preset: 'smoke', set: { estimator: '$(reboot)' } }],
    });
    expect(commandOf(run)).toContain(` --set 'sac.estimator=$(reboot)' `);
  });
});

describe('seeds', () => {
  it('are numbers and ranges, each once', () => {
    expect(parseSeeds('3, 0-2,1')).toEqual([3, 0, 1, 2]);
    for (const wrong of ['', 'a', '1-', '3-1', '0-10', '4294967296']) {
      expect(() => parseSeeds(wrong), wrong).toThrow(RangeError);
    }
  });
});
