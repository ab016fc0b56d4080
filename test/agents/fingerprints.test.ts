/** What the backend wasm computes, held against what it computed when its family of bits was named. */
import { describe, expect, it } from 'vitest';
import { builtInAgents } from '../../agents/registry.ts';
import {
  arithmetic,
  differences,
  type Fingerprints,
  ofAgent,
  readFingerprints,
  refusal,
  runAgents,
  shortRun,
} from '../../bench/fingerprints.ts';
import { backends } from '../../engine/backends/records.ts';

const committed = readFingerprints();

describe('fingerprints of the backend wasm', () => {
  it('are of the family that manifests name, for every agent', () => {
    expect(committed.bits).toBe(backends.wasm.bits);
    expect(Object.keys(committed.arithmetic)).toEqual(Object.keys(arithmetic));
    expect(Object.keys(committed.agents)).toEqual(builtInAgents.map(({ name }) => name));
    expect(Object.keys(committed.runs)).toEqual([...runAgents]);
  });

  it.each(Object.keys(arithmetic))('%s', async (name) => {
    expect(await arithmetic[name]()).toBe(committed.arithmetic[name]);
  });

  it.each(Object.keys(committed.agents))('%s after 50 updates', async (name) => {
    expect(await ofAgent(name)).toBe(committed.agents[name]);
  });

  it.each(runAgents)('CSVs of a short run of %s', async (name) => {
    expect(await shortRun(name)).toBe(committed.runs[name]);
  });
});

describe('fingerprints written anew', () => {
  const before: Fingerprints = {
    bits: 'wasm-7',
    arithmetic: { kernels: 'a' },
    agents: { sac: 'b' },
    runs: { sac: 'c' },
  };

  it('may hold another agent, but no other arithmetic within a family', () => {
    const agent = { ...before, agents: { sac: 'x' } };
    const kernels = { ...before, arithmetic: { kernels: 'x' } };
    expect(differences(before, agent)).toEqual(['agents: sac']);
    expect(refusal(before, agent)).toBeUndefined();
    expect(refusal(before, kernels)).toContain('kernels changed within the family wasm-7');
    expect(refusal(before, { ...kernels, bits: 'wasm-8' })).toBeUndefined();
  });
});
