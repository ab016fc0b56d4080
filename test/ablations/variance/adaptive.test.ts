import { describe, expect, test } from 'vitest';
import { variance } from '../../agents/posterior/reference.ts';
import {
  cellsAt,
  expectBestGain,
  expectNearBetterEnd,
  expectNoWorse,
  expectPolicyGain,
} from './adaptive-cells.ts';

// The other times and schedules: adaptive.nightly.test.ts.
const cases = [
  ['thin axis', 'linear', 0.98],
  ['thin axis', 've', 0.3],
  ['narrow peak', 'cosine', 0.9],
] as const;
const policyTimes = [0.02];

describe('the adaptive estimator with prior draws', () => {
  const cells = cellsAt([0.1, 0.7]);

  test('its error is at most 1.05 times the better end point in every cell', () => {
    expect.hasAssertions();
    expectNearBetterEnd(cells);
  });

  test('its geometric-mean gain is above every plug-in optimum', () => {
    expect.hasAssertions();
    expectBestGain(cells);
  });
});

describe('the adaptive estimator where the draws do not suffice for a matrix', () => {
  test.each(cases)('%s, %s, t = %d: no worse than the better end', (name, schedule, t) => {
    expect.hasAssertions();
    expectNoWorse(name, schedule, t);
  });
});

describe('the policy proposal', () => {
  test.each(Object.keys(variance).flatMap((name) => policyTimes.map((t) => [name, t] as const)))(
    '%s at t = %d: the error is a tenth of prior draws or less',
    (name, t) => {
      expect.hasAssertions();
      expectPolicyGain(name, t);
    },
  );
});
