import { unzipSync } from 'three/addons/libs/fflate.module.js';
import { describe, expect, it } from 'vitest';
import { jobOf } from '../../playground/job.ts';
import { isSameCode } from '../../playground/options.ts';
import {
  commandsOf,
  linkOf,
  parseSeeds,
  placesOf,
  runsOf,
  type Settings,
  settingsOfLink,
} from '../../playground/settings.ts';
import { archiveOf, type EndedRun, manifestOf } from '../../playground/take-away.ts';

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
    expect(commandsOf(runsOf(chosen))[1]).toBe(
      'harness train rfm-flow walker-walk --preset laptop --seed 4 --steps 20000 --evaluate-every 2000 --evaluation-episodes 3 --set rfm-flow.estimator=eta=0.5 --set rfm-flow.priorDraws=32 --backend wasm --threads 1',
    );
  });

  it('quotes what a shell would carry out', () => {
    const agents = [{ agent: 'sac', preset: 'smoke' as const, set: { estimator: '$(reboot)' } }];
    const [command] = commandsOf(runsOf({ ...usual, agents }));
    expect(command).toContain(` --set 'sac.estimator=$(reboot)' `);
  });
});

describe('two variants of an agent', () => {
  const [agent] = usual.agents;
  const agents = [agent, { ...agent, set: { estimator: 'noise' } }];
  const runs = runsOf({ ...usual, seeds: [0, 1], agents });
  const folders = [0, 1].map((seed) => `rfm-flow-cartpole-balance-${seed}`);

  it('have folders of their own, in commands as in what can be taken away', () => {
    const places = placesOf(runs);
    expect(places.map(({ folder }) => folder)).toEqual([...folders, ...folders.map((name) => `${name}-2`)]);
    const outs = commandsOf(runs).map((command) => / --out (\S+)$/.exec(command)?.[1]);
    expect(outs).toEqual([undefined, undefined, ...folders.map((name) => `${name}-2`)]);
    const settings = runs[3];
    const ended: EndedRun = {
      ...{ settings, place: places[3], job: jobOf(settings), status: 'done', step: 1, id: 'x' },
      ...{ wallSeconds: 1, checkpointSeconds: 0, startedAt: 0, endedAt: 1 },
      ...{ tables: { 'evaluations.csv': '', 'training.csv': '' }, files: {} },
    };
    const choices = { tasks: [], agents: [], presets: [], options: [], versions: {} };
    const machine = { browser: 'b', cores: 1 };
    const { name, command } = JSON.parse(manifestOf(ended, choices, machine));
    expect(name).toBe(places[3].folder);
    expect(command.slice(-2)).toEqual(['--out', places[3].folder]);
    const files = Object.keys(unzipSync(archiveOf(ended, choices, machine)));
    expect([...new Set(files.map((file) => file.split('/')[0]))]).toEqual([places[3].folder]);
  });
});

describe('the code of a site', () => {
  it('is the same with the same versions, commit and family of bits', () => {
    const code = { versions: { 'rfm-harness': '0.1.0', mujoco: '3.14.0' }, commit: 'a', bits: 'wasm-1' };
    expect(isSameCode({ ...code, versions: { ...code.versions } }, code)).toBe(true);
    for (const other of [
      undefined,
      { ...code, commit: 'b' },
      { ...code, bits: undefined },
      { ...code, versions: { ...code.versions, mujoco: '3.15.0' } },
      { ...code, versions: { ...code.versions, more: '1' } },
    ])
      expect(isSameCode(other, code)).toBe(false);
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
