/** What the page shows. */
import { fileNames } from '../files/file-names.ts';
import type { AnalysisOptions } from '../results/analysis.ts';
import { runKey } from '../results/runs.ts';
import type { IntervalMethod } from '../statistics/index.ts';
import { type Chart, shortened } from './chart.ts';
import type { Drawing } from './drawing.ts';
import { type Html, html } from './html.ts';
import type { ReportModel } from './model.ts';
import { caution, notices, unscaledLine } from './notes.ts';
import { compact, duration } from './numbers.ts';
import type { PageData } from './page-data.ts';
import {
  aggregateSection,
  curvesSection,
  efficiencySection,
  improvementSection,
  profileSection,
  trainingSection,
} from './plot-sections.ts';
import { presetsOf, seedsOf, span, stepsOf } from './protocol.ts';
import { configurationSection, runsSection, utc } from './run-sections.ts';
import { finalScoresSection, rankingSection } from './score-sections.ts';
import { stabilitySection } from './stability-section.ts';

export interface ReportContent {
  /** Facts, notices, and links to the sections. */
  readonly summary: Html;
  readonly sections: Html;
  /** Every plot of the page, for files of their own. */
  readonly drawings: readonly Drawing[];
  /** What the script of the page draws with. */
  readonly data: PageData;
}

/** Chooses between light and dark; the script of the page shows it. */
export const schemeButton = html`<button type="button" class="scheme" hidden>Colours: auto</button>`;

/** What is safe in the name of a plot's file. */
const cleanTask = (task: string): string => task.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60);

export function reportContent(model: ReportModel): ReportContent {
  const taskName = fileNames(model.tasks, cleanTask);
  const scored = model.series.length > 0;
  const aggregates = scored ? aggregateSection(model) : undefined;
  const curves = curvesSection(model, (task) => `curve-${taskName(task)}`);
  const profiles = scored ? profileSection(model) : undefined;
  const improvement = improvementSection(model);
  const efficiency = scored ? efficiencySection(model) : undefined;
  const training = scored ? trainingSection(model) : undefined;
  const sections: [id: string, title: string, content: Html | undefined][] = [
    ['ranking', 'Ranking', scored ? rankingSection(model) : undefined],
    ['aggregates', 'Aggregates', aggregates?.html],
    ['curves', 'Learning curves', curves?.html],
    ['efficiency', 'Sample efficiency', efficiency?.html],
    ['scores', 'Final scores', scored ? finalScoresSection(model) : undefined],
    ['stability', 'Stability', scored ? stabilitySection(model) : undefined],
    ['profiles', 'Profiles', profiles?.html],
    ['improvement', 'Improvement', improvement?.html],
    ['training', 'Training metrics', training?.html],
    ['runs', 'Runs', runsSection(model)],
    ['configuration', 'Configuration', configurationSection(model)],
    ['method', 'Method', methodSection(model)],
  ];
  const drawn = [aggregates, curves, efficiency, profiles, improvement];
  const shown = sections.filter(([, , content]) => content !== undefined);
  return {
    summary: html`${facts(model)}
${[...model.flags].map((flag) => html`<p class="notice${flag === 'failed_runs' ? ' bad' : ''}">${notices[flag]}</p>`)}
${[...model.mixed, ...model.untrained].map((line) => html`<p class="notice">${line}.</p>`)}
${[...(model.options.unscaled ?? [])].map((task) => html`<p class="notice">${unscaledLine(task, model.options)}.</p>`)}
${!scored && html`<p class="notice bad">There are no evaluations to report: see “Runs”.</p>`}
<nav aria-label="Sections"><ul>${shown.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`,
    sections: html`${shown.map(([, , content]) => content)}`,
    drawings: drawn.flatMap((section) => section?.drawings ?? []),
    data: {
      series: model.series,
      caution: caution(model.flags),
      charts: keptCharts(drawn.flatMap((section) => section?.charts ?? [])),
      metrics: (training?.charts ?? []).map((chart) => shortened(chart, false)),
    },
  };
}

/** Numbers of single runs that a page has room for. */
const MOST_RUN_NUMBERS = 40_000;

/** Charts as the page keeps them: with the lines of single runs if there is room. */
function keptCharts(charts: readonly Chart[]): Chart[] {
  const numbers = charts
    .flatMap(({ lines }) => lines)
    .reduce((sum, { x, each = [] }) => sum + x.length * each.length, 0);
  return charts.map((chart) => shortened(chart, numbers <= MOST_RUN_NUMBERS));
}

function facts(model: ReportModel): Html {
  const list: [string, string | number | undefined][] = [
    ['Agents', model.series.length],
    ['Tasks', model.tasks.length],
    ['Seeds', span(seedsOf(model), String)],
    ['Runs', runsOf(model)],
    ['Steps per run', span(stepsOf(model), compact)],
    ['Failed runs', model.troubled.filter((run) => run.status === 'failed').length || undefined],
    ['Preset', presetsOf(model.sources)],
    ['Took', model.unfinished.length === 0 ? elapsed(model) : undefined],
    ['Ended', date(model)],
  ];
  return html`<dl class="facts">${list
    .filter(([, value]) => value !== undefined)
    .map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** How many count, and of how many as long as some have not ended. */
function runsOf({ runs, unfinished }: ReportModel): string | number {
  if (unfinished.length === 0) return runs.length;
  const all = new Set([...runs, ...unfinished].map(runKey)).size;
  return `${all - unfinished.length} of ${all}`;
}

/** Older manifests know begin and end alone. */
function elapsed({ sources }: ReportModel): string | undefined {
  const manifest = sources.length === 1 ? sources[0].manifest : undefined;
  if (manifest?.wallSeconds !== undefined) return duration(manifest.wallSeconds);
  if (manifest?.startedAt === undefined || manifest.endedAt === undefined) return undefined;
  const seconds = (Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt)) / 1000;
  const longestRun = Math.max(0, ...manifest.runs.map((run) => run.wallSeconds ?? 0));
  return seconds >= longestRun ? duration(seconds) : undefined; // else the clock was set back meanwhile
}

function date({ sources }: ReportModel): string | undefined {
  const ended = sources.length === 1 ? sources[0].manifest?.endedAt : undefined;
  return ended === undefined ? undefined : utc(ended).slice(0, 10);
}

const intervalText: Readonly<Record<IntervalMethod, (options: AnalysisOptions) => string>> = {
  student_t: () =>
    '95 % intervals are by Student’s t on the variance of the runs within every task, which holds with few seeds; where all runs of two agents, or all runs at a threshold, say the same, the interval holds what so few runs cannot exclude.',
  rliable: ({ resamples, seed }) =>
    `95 % percentile intervals, those of single tasks too but not of stability, are from ${resamples} bootstrap resamples of the runs within every task, as rliable makes them, seed ${seed}. With few seeds they are too narrow: at three seeds they hold the truth markedly less often than their name says.`,
};

function methodSection({ options }: ReportModel): Html {
  return html`<section id="method"><h2>Method</h2>
<p>The score of a run is the mean return over the episodes of its last evaluation. Aggregates, profiles and probabilities of improvement follow Agarwal et al. 2021, “Deep reinforcement learning at the edge of the statistical precipice” (arXiv 2108.13264). ${intervalText[options.interval](options)} AUC is the area under the curve of evaluation returns divided by the range of steps. Intervals tell how much the result may vary with the seeds; they say nothing about other tasks.</p></section>`;
}
