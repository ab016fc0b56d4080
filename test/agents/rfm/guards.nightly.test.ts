/** The ways in which RFM is known to fail, for both agents and every estimator, schedule and proposal. */
import { afterAll, describe, expect, it } from 'vitest';
import {
  engine,
  expectBound,
  expectFallingSpread,
  expectFinite,
  expectFiniteAtTheEnds,
  expectFloor,
  expectHugeQ,
  expectLowEss,
  names,
  paths,
  variants,
} from './failures.ts';

afterAll(() => engine.dispose());

describe.each(names)('exploding weights of %s', (name) => {
  it.each(['optimal', 'optimal-matrix', 'adaptive', 'gradient'])(
    'show as an ESS of 1, and nothing becomes NaN: %s',
    async (estimator) => {
      expect.hasAssertions();
      await expectLowEss(name, estimator);
    },
  );

  it.each(['policy', 'buffer', 'laplace'] as const)(
    'stay finite with the proposal %s and the weight by variance',
    async (proposal) => {
      expect.hasAssertions();
      await expectFinite(name, proposal);
    },
  );

  it('stay finite where Q itself is ±1e6', async () => {
    expect.hasAssertions();
    await expectHugeQ(name);
  });

  it('are held by the floor of λ', async () => {
    expect.hasAssertions();
    await expectFloor(name);
  });

  it('are held by the bound of a weight', async () => {
    expect.hasAssertions();
    await expectBound(name);
  });
});

describe('times next to 0 and 1', () => {
  it.each(
    paths.flatMap(([name, options]) =>
      variants.map((variant) => [name, { ...options, ...variant }] as const),
    ),
  )('give finite numbers at t_min = 1e-6: %s %o', async (name, options) => {
    expect.hasAssertions();
    await expectFiniteAtTheEnds(name, options);
  });
});

describe.each(names)('mode collapse of %s', (name) => {
  it('shows as a policy spread that falls', async () => {
    expect.hasAssertions();
    await expectFallingSpread(name);
  });
});
