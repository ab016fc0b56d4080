import { basename, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { labelWidth, legendEntry } from '../../../harness/report/drawing.ts';
import { agentName } from '../../../harness/report/figures.ts';
import { shortNames } from '../../../harness/report/html.ts';
import { grouped } from '../../../harness/report/numbers.ts';
import { agentSeries, seriesOf } from '../../../harness/report/series.ts';
import { namesOf } from '../../../harness/report/write.ts';
import { compareNames } from '../../../harness/results/runs.ts';

it('names that stand together are cut where they differ', () => {
  const sweep = ['0.003', '0.01', '0.05'].map((value) => `rfm-flow-temperature-${value}-eta-optimal`);
  const label = shortNames([...sweep, 'sac', 'a-name-of-twenty-five-char'], 18);
  expect(sweep.map(label)).toEqual(['…0.003-eta-optimal', '…-0.01-eta-optimal', '…-0.05-eta-optimal']);
  expect(label('sac')).toBe('sac');
  expect(label('a-name-of-twenty-five-char')).toBe('a-name-of-twenty-…');
  const ends = shortNames(['the-same-beginning-1', 'the-same-beginning-2'], 11);
  expect(ends('the-same-beginning-2')).toBe('the-s…ing-2');
  const middles = ['1', '2'].map((middle) => `a-beginning-${middle}-${'x'.repeat(20)}`);
  expect(middles.map(shortNames(middles, 12))).toEqual(['a-beginni… 1', 'a-beginni… 2']);
});

it('agents with long names that are alike have labels of their own in every plot', () => {
  const agents = ['0.5', 'optimal'].map((eta) => `rfm-flow-tMin-0.003-temperature-0.01-eta-${eta}`);
  for (const series of [agentSeries(agents), seriesOf(agents)]) {
    expect(new Set(series.map(({ label }) => label)).size).toBe(2);
    expect(series.map((each) => legendEntry(each).label)).toEqual(series.map(({ label }) => label));
    const [first, second] = series.map((each) =>
      agentName(each).text.replaceAll(/ title="[^"]*"|#mark-\d/g, ''),
    );
    expect(first).not.toBe(second);
  }
});

it('directories of one name are called by more of their paths', () => {
  expect(namesOf(['a/b', 'c'])).toEqual(['b', 'c']);
  expect(namesOf(['p1/cmp', 'p2/cmp', 'x/p2/cmp'])).toEqual([
    'p1/cmp',
    `${basename(resolve())}/p2/cmp`,
    'x/p2/cmp',
  ]);
  expect(namesOf(['a/b', 'a/b'])).toEqual(['b', 'b']);
});

it('labels of wide letters have the room that they need', () => {
  expect(labelWidth('rfm-flow')).toBe(53);
  expect(labelWidth('MMWW')).toBeGreaterThan(4 * 10);
  expect(labelWidth('强化')).toBeGreaterThan(2 * 11);
});

it('numbers have their groups before the decimal point alone', () => {
  expect([100000, 3234.3, -20.272305, 0.0001, 1e21].map(grouped)).toEqual([
    '100\u202f000',
    '3\u202f234.3',
    '−20.272305',
    '0.0001',
    '1e+21',
  ]);
});

it('decimals in names are in the order of their values', () => {
  const names = ['t-0.05', 't-0.003', 't-10', 't-0.01', 't-9', 't'];
  expect(names.sort(compareNames)).toEqual(['t', 't-0.003', 't-0.01', 't-0.05', 't-9', 't-10']);
});
