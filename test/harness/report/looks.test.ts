/** An agent's colour and mark: the same in every report, told apart by people who see fewer colours too. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInAgents } from '../../../agents/registry.ts';
import { agentSeries, palette } from '../../../harness/report/series.ts';

const look = (agents: readonly string[], agent: string) => {
  const { colour, symbol, dash } = agentSeries(agents)[agents.indexOf(agent)];
  return [colour, symbol, dash];
};
const own = builtInAgents.map(({ name }) => name);

describe('the looks of an agent', () => {
  it('are those of its name, whoever stands beside it, for every agent of the harness', () => {
    for (const agent of own) {
      const alone = look([agent], agent);
      expect(look(own, agent)).toEqual(alone);
      expect(look(['a', 'my-agent', agent, 'zz'], agent)).toEqual(alone);
    }
    expect(new Set(own.map((agent) => look([agent], agent)[0])).size).toBe(own.length);
  });

  it('are those of its name for any other, unless an agent of the report has its colour or its mark', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }), (names) => {
        const [mine] = names;
        const [colour, ...mark] = look([mine], mine);
        const [other, ...others] = [look(names, mine), ...names.slice(1).map((name) => look(names, name))];
        if (!others.some(([theirs]) => theirs === colour)) expect(other[0]).toBe(colour);
        const marks = others.map((theirs) => theirs.slice(1).join());
        if (!marks.includes(mark.join())) expect(other.slice(1)).toEqual(mark);
      }),
    );
  });

  it('do not hang on the order of the names', () => {
    const names = ['sac', 'mine', 'yours', 'sac-lr-0.1', 'sac-lr-0.2'];
    for (const name of names) expect(look([...names].reverse(), name)).toEqual(look(names, name));
  });

  it('differ between any two of a hundred agents', () => {
    const names = [...own, ...Array.from({ length: 91 }, (_, i) => `variant-${i}`)];
    const all = names.map((name) => look(names, name));
    expect(new Set(all.map((each) => each.join())).size).toBe(names.length);
    // Nobody shares a colour or a mark while one is free.
    const ten = names.slice(0, 10).map((name) => look(names.slice(0, 10), name));
    expect(new Set(ten.map(([colour]) => colour)).size).toBe(10);
    expect(new Set(ten.map(([, ...mark]) => mark.join())).size).toBe(10);
  });
});

/** Simulations of Machado, Oliveira and Fernandes 2009 at severity 1, of linear sRGB. */
const eyes = {
  'full colour vision': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
};

const linear = (hex: string): number[] =>
  [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
const times = (matrix: readonly (readonly number[])[], vector: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i], 0));

/** OKLab (Ottosson 2020) of linear sRGB. */
function oklab(rgb: readonly number[]): number[] {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb.map((value) => Math.min(1, Math.max(0, value))),
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt),
  );
}

describe.each(Object.entries(eyes))('with %s', (_, matrix) => {
  it.each(['light', 'dark'] as const)('every two colours differ by 0.09 in OKLab, %s', (scheme) => {
    const seen = palette.map((hue) => oklab(times(matrix, linear(hue[scheme]))));
    for (const [i, a] of seen.entries()) {
      for (const [j, b] of seen.slice(0, i).entries()) {
        const distance = Math.hypot(...a.map((value, k) => value - b[k]));
        expect(distance, `${palette[i][scheme]} and ${palette[j][scheme]}`).toBeGreaterThan(0.0895);
      }
    }
  });
});
