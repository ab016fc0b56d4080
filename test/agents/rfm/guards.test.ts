/** The ways in which RFM is known to fail: each once. The other estimators, schedules and proposals: guards.nightly.test.ts. */
import { afterAll, describe, expect, it } from 'vitest';
import {
  engine,
  expectBound,
  expectFinite,
  expectFiniteAtTheEnds,
  expectFloor,
  expectHugeQ,
  expectLowEss,
  paths,
  variants,
} from './failures.ts';

afterAll(() => engine.dispose());

describe('exploding weights', () => {
  it.each([
    ['rfm-flow', 'adaptive'],
    ['rfm-flow', 'optimal'],
    ['rfm-diffusion', 'optimal-matrix'],
  ] as const)('show as an ESS of 1 in %s, and nothing becomes NaN: %s', async (name, estimator) => {
    expect.hasAssertions();
    await expectLowEss(name, estimator);
  });

  it.each([
    ['rfm-flow', 'policy'],
    ['rfm-flow', 'buffer'],
    ['rfm-diffusion', 'laplace'],
  ] as const)('stay finite in %s with the proposal %s and the weight by variance', async (name, proposal) => {
    expect.hasAssertions();
    await expectFinite(name, proposal);
  });

  it('stay finite where Q itself is ±1e6', async () => {
    expect.hasAssertions();
    await expectHugeQ('rfm-flow');
  });

  it('are held by the floor of λ', async () => {
    expect.hasAssertions();
    await expectFloor('rfm-flow');
  });

  it('are held by the bound of a weight', async () => {
    expect.hasAssertions();
    await expectBound('rfm-flow');
  });
});

describe('times next to 0 and 1', () => {
  // Every path once and every variant once.
  it.each(
    paths.map(([name, options], i) => [name, { ...options, ...variants[i % variants.length] }] as const),
  )('give finite numbers at t_min = 1e-6: %s %o', async (name, options) => {
    expect.hasAssertions();
    await expectFiniteAtTheEnds(name, options);
  });
});
