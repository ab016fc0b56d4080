import { expect, test } from 'vitest';
import { cellsAt, expectTable } from './table.ts';

test.each(cellsAt([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98]))(
  '$name t=$t: every estimator and N within 4 standard errors of the reference table',
  ({ name, t }) => {
    expect.hasAssertions();
    expectTable(name, t);
  },
);
