import { expect, it } from 'vitest';
import { shortNames } from '../../../harness/report/html.ts';
import { compareNames } from '../../../harness/results/runs.ts';

it('names that stand together are cut where they differ', () => {
  const sweep = ['0.003', '0.01', '0.05'].map((value) => `rfm-flow-temperature-${value}-eta-optimal`);
  const label = shortNames([...sweep, 'sac', 'a-name-of-twenty-five-char'], 18);
  expect(sweep.map(label)).toEqual(['…0.003-eta-optimal', '…-0.01-eta-optimal', '…-0.05-eta-optimal']);
  expect(label('sac')).toBe('sac');
  expect(label('a-name-of-twenty-five-char')).toBe('a-name-of-twenty-…');
  const ends = shortNames(['the-same-beginning-1', 'the-same-beginning-2'], 11);
  expect(ends('the-same-beginning-2')).toBe('the-s…ing-2');
});

it('decimals in names are in the order of their values', () => {
  const names = ['t-0.05', 't-0.003', 't-10', 't-0.01', 't-9', 't'];
  expect(names.sort(compareNames)).toEqual(['t', 't-0.003', 't-0.01', 't-0.05', 't-9', 't-10']);
});
