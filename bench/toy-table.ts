/** The table of docs/toy.md: results/toy as published. */
import { join } from 'node:path';
import { readTable } from '../harness/files/csv.ts';
import { publishedFolder } from './published.ts';

const steps = [5, 20, 100];
const columns = ['target', 'method', 'steps', 'sliced_w2', 'sliced_w2_high'] as const;

interface Row {
  readonly target: string;
  readonly method: string;
  readonly steps: number | undefined;
  readonly mean: number;
  readonly high: number;
}

export const toyHead = ['density', 'method', ...steps.map((n) => `${n} steps`)];

/** Mean sliced distances ± half the interval over seeds, and beside the density's name the floor. */
export function toyRows(): string[][] {
  const rows = readTable(join(publishedFolder('toy'), 'toy.csv'), columns).map(
    (line): Row => ({
      ...{ target: line.text('target'), method: line.text('method'), steps: line.optionalNumber('steps') },
      ...{ mean: line.number('sliced_w2'), high: line.number('sliced_w2_high') },
    }),
  );
  return [...new Set(rows.map(({ target }) => target))].flatMap((target) => {
    const own = rows.filter((row) => row.target === target);
    const floor = own.find(({ method }) => method === 'exact');
    const methods = [...new Set(own.map(({ method }) => method))].filter((method) => method !== 'exact');
    return methods.map((method, i) => [
      i === 0 ? `\`${target}\` (floor ${floor?.mean.toFixed(3)})` : '',
      `\`${method}\``,
      ...steps.map((n) => {
        const cell = own.find((row) => row.method === method && row.steps === n);
        return cell === undefined ? '' : `${cell.mean.toFixed(3)} ± ${(cell.high - cell.mean).toFixed(3)}`;
      }),
    ]);
  });
}
