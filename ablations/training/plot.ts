/** Pictures of the ablations that train: final returns against what varies, one row of panels per task. */
import * as Plot from '@observablehq/plot';
import { type Drawing, draw, labelWidth, standaloneSvg } from '../../harness/report/drawing.ts';
import { compact, readable } from '../../harness/report/numbers.ts';
import { type Series, seriesOf } from '../../harness/report/series.ts';
import type { Picture } from '../page.ts';
import type { Axis, ReturnsPicture, TrainingAblation } from './ablation.ts';
import { panelSize, sideBySide } from './panels.ts';
import type { TrainingAblationRow } from './rows.ts';

interface Point {
  readonly x: string | number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly series: Series;
}

interface Panel {
  readonly title: string;
  readonly x: string;
  readonly points: readonly Point[];
  /** Whether points of one series are joined. */
  readonly joined: boolean;
}

const intervals = 'bars: 95 % intervals over seeds';

/** Final returns, and shares of the unperturbed return where the rows have them. */
export function returnPictures(
  ablation: TrainingAblation,
  rows: readonly TrainingAblationRow[],
): readonly Picture[] {
  const shares = rows.flatMap((row) =>
    row.relative === undefined ? [] : [{ ...row, ...row.relative, return: row.relative.value }],
  );
  return [
    picture(ablation, rows, {
      name: `${ablation.name}-returns`,
      title: `${ablation.title}: final return`,
      y: 'evaluation return',
    }),
    ...(shares.length === 0
      ? []
      : [
          picture(ablation, shares, {
            name: `${ablation.name}-relative`,
            title: `${ablation.title}: share of the unperturbed return`,
            y: 'return / return unperturbed',
          }),
        ]),
  ];
}

interface About {
  readonly name: string;
  readonly title: string;
  readonly y: string;
}

function picture(ablation: TrainingAblation, rows: readonly TrainingAblationRow[], about: About): Picture {
  const tasks = [...new Set(rows.map((row) => row.task))];
  const grid = tasks.map((task) => {
    const own = rows.filter((row) => row.task === task);
    // One scale for the panels of a task, so that a slope looks as steep in each.
    const values = own.flatMap(({ low, high }) => [low, high]);
    const range = [Math.min(0, ...values), Math.max(...values, Number.MIN_VALUE)];
    return panelsOf(ablation.returns, own, task).map((panel) => drawPanel(panel, about, range));
  });
  const series = legendOf(ablation.returns, rows);
  const drawing = sideBySide({ name: about.name, title: about.title, description: describe(rows) }, grid);
  return {
    fileName: `${about.name}.svg`,
    title: about.title,
    svg: standaloneSvg(
      drawing,
      series.map(({ agent, colour }) => ({ label: agent, colour })),
      intervals,
    ),
  };
}

const describe = (rows: readonly TrainingAblationRow[]): string =>
  rows
    .map((row) => `${row.variant} on ${row.task}: ${readable(row.return)}`)
    .join('; ')
    .slice(0, 2000);

/** Series that the legend must name; none where the axis does. */
function legendOf(kind: ReturnsPicture, rows: readonly TrainingAblationRow[]): readonly Series[] {
  return kind.kind === 'lines' ? seriesByValue(kind.series, rows) : [];
}

const seriesByValue = (axis: Axis, rows: readonly TrainingAblationRow[]): Series[] =>
  seriesOf([...new Set(rows.map((row) => String(row.varied[axis.key])))]);

function panelsOf(kind: ReturnsPicture, rows: readonly TrainingAblationRow[], task: string): Panel[] {
  const [plain] = seriesOf(['']);
  const point = (row: TrainingAblationRow, x: Point['x'], series = plain): Point => {
    const { return: mean, low, high } = row;
    return { x, mean, low, high, series };
  };
  if (kind.kind === 'variants') {
    const points = rows.map((row) => point(row, row.variant));
    return [{ title: task, x: '', points, joined: false }];
  }
  if (kind.kind === 'lines') {
    const looks = seriesByValue(kind.series, rows);
    const points = rows.map((row) => {
      const own = looks.find(({ agent }) => agent === String(row.varied[kind.series.key]));
      return point(row, Number(row.varied[kind.x.key]), own);
    });
    return [{ title: task, x: kind.x.label, points: categories(points), joined: true }];
  }
  return kind.axes.map((axis) => {
    const own = rows.filter(
      ({ variant }) => variant === kind.reference || variant.startsWith(`${axis.prefix}-`),
    );
    const points = own.map((row) => point(row, Number(row.varied[axis.key])));
    return { title: `${task}, ${axis.label}`, x: axis.label, points: categories(points), joined: true };
  });
}

/** Numbers in ascending order as names at even distances: they step by factors, and may begin at zero. */
const categories = (points: readonly Point[]): Point[] =>
  [...points].sort((a, b) => Number(a.x) - Number(b.x)).map((point) => ({ ...point, x: String(point.x) }));

function drawPanel(panel: Panel, { name, y }: About, range: readonly number[]): Drawing {
  const { points, title } = panel;
  const domain = [...new Set(points.map((point) => String(point.x)))];
  const longest = Math.max(...domain.map(labelWidth), 0);
  const width = Math.max(panelSize.width, 70 + domain.length * 42);
  const turned = longest * domain.length > width - 80;
  const looks = [...new Map(points.map(({ series }) => [series.agent, series])).values()];
  return draw(
    { name, title, description: '' },
    {
      width,
      height: panelSize.height + (turned ? longest * 0.6 : 0),
      marginLeft: 56,
      marginRight: 14,
      marginTop: 26,
      marginBottom: turned ? 30 + longest * 0.6 : 38,
      x: {
        type: 'point',
        domain,
        padding: 0.5,
        label: panel.x === '' ? null : panel.x,
        labelArrow: 'none',
        labelAnchor: 'center',
        tickRotate: turned ? -35 : 0,
      },
      y: {
        label: y,
        labelArrow: 'none',
        domain: range,
        nice: true,
        grid: true,
        ticks: 5,
        tickFormat: (value: number) => (Math.abs(value) < 10_000 ? String(value) : compact(value)),
      },
      marks: [
        Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.35 }),
        ...looks.flatMap((series, i) => marksOf(panel, series, (i - (looks.length - 1) / 2) * 5)),
      ],
    },
  );
}

/** @param dx px to the side, so that intervals of several series do not hide each other */
function marksOf(panel: Panel, series: Series, dx: number): Plot.Markish[] {
  const own = panel.points.filter((point) => point.series.agent === series.agent);
  const { colour, symbol } = series;
  return [
    ...(panel.joined
      ? [Plot.lineY(own, { x: 'x', y: 'mean', stroke: colour, strokeOpacity: 0.5, strokeWidth: 1.4, dx })]
      : []),
    Plot.ruleX(own, { x: 'x', y1: 'low', y2: 'high', stroke: colour, strokeWidth: 2.2, dx }),
    Plot.dot(own, { x: 'x', y: 'mean', fill: colour, symbol, r: 4, dx }),
  ];
}
