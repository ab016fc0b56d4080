/** The part of the page that changes while a comparison goes on: its state, curves, runs and rollouts. */
import { sha256 } from '../files/durable.ts';
import { learningCurves } from '../report/curves.ts';
import { name, swatchDefinitions } from '../report/figures.ts';
import { Html, html, type Part } from '../report/html.ts';
import { type ReportModel, reportModel } from '../report/model.ts';
import { compact, duration, grouped, readable } from '../report/numbers.ts';
import { curvesSection } from '../report/plot-sections.ts';
import { utc } from '../report/run-sections.ts';
import { agentSeries } from '../report/series.ts';
import { style } from '../report/style.ts';
import { type CellOf, dataTable } from '../report/table-html.ts';
import { compareNames, runKey } from '../results/runs.ts';
import type { ViewedComparison, ViewedRun } from './comparison-files.ts';
import type { ViewedRollout } from './rollout-files.ts';

export const runId = (run: { task: string; agent: string; seed: string }): string =>
  sha256(runKey(run)).slice(0, 16);

/** Curves are drawn anew only when their rows change. */
export class ComparisonFragment {
  private drawn = { of: '', text: new Html('') };

  /** @param making runs whose checkpoint is being played just now, by id */
  text(
    comparison: ViewedComparison,
    rollouts: readonly ViewedRollout[],
    making: ReadonlySet<string>,
  ): string {
    const { warnings } = comparison;
    return html`${stateSection(comparison)}
${warnings.map((warning) => html`<p class="notice">${warning}</p>`)}
${this.curves(comparison)}
${comparison.runs.length > 0 && runsSection(comparison, making)}
${rolloutsSection(rollouts)}`.text;
  }

  private curves(comparison: ViewedComparison): Html {
    const agents = agentsOf(comparison);
    const of = sha256(JSON.stringify([agents, comparison.evaluated]));
    if (this.drawn.of !== of) this.drawn = { of, text: drawCurves(comparison, agents) };
    return this.drawn.text;
  }
}

const agentsOf = ({ runs }: ViewedComparison): string[] =>
  [...new Set(runs.map((run) => run.agent))].sort(compareNames);

const FEW_SEEDS = 3;

function drawCurves({ name: title, evaluated }: ViewedComparison, agents: readonly string[]): Html {
  if (evaluated.length === 0)
    return html`<section><h2>Learning curves</h2><p>No evaluations yet.</p></section>`;
  const options = {
    resamples: 1000,
    seed: 0,
    interval: 'student_t',
    scoreRange: [0, 1000],
  } as const;
  const counts = new Map<string, number>();
  for (const { task, agent } of evaluated) {
    const key = JSON.stringify([task, agent]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const few = [...counts.values()].some((count) => count < FEW_SEEDS);
  const model: ReportModel = {
    ...reportModel({
      title,
      sources: [],
      runs: evaluated,
      logged: [],
      tables: { summary: [], aggregate: [], pairwise: [], profiles: [] },
      curves: learningCurves(evaluated, options),
      references: [],
      troubled: [],
      unfinished: [],
      mixed: [],
      options,
    }),
    tasks: [...new Set(evaluated.map((run) => run.task))].sort(compareNames),
    series: agentSeries(agents),
    flags: new Set(few ? (['fewer_than_3_seeds'] as const) : []),
  };
  const tasks = new Map(model.tasks.map((task, i) => [task, `curve-${i}`]));
  const section = curvesSection(model, (task) => tasks.get(task) ?? 'curve');
  return html`<style>${new Html(style(model.series.length))}</style>${swatchDefinitions(model.series)}${section?.html}`;
}

function stateSection(comparison: ViewedComparison): Html {
  const { runs, status, startedAt, endedAt } = comparison;
  const count = (wanted: ViewedRun['status']) => runs.filter((run) => run.status === wanted).length;
  const facts: [string, Part][] = [
    ['State', html`<span data-status="${status}">${status}</span>`],
    ['Runs done', runs.length > 0 && `${count('done')} of ${runs.length}`],
    ['Running', status === 'running' && count('running')],
    ['Failed', count('failed') || false],
    ['Steps', progress(comparison)],
    ['Started', startedAt !== undefined && utc(startedAt)],
    ['Took', elapsed(startedAt, endedAt)],
  ];
  return html`<dl class="facts">${facts
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([title, value]) => html`<div><dt>${title}</dt><dd>${value}</dd></div>`)}</dl>
${comparison.status === 'nothing yet' && html`<p class="notice">There is no comparison here yet. This page fills by itself when <code>harness compare</code> writes into this directory.</p>`}
${comparison.status === 'stopped' && html`<p class="notice bad">Not running, incomplete: <code>harness compare --resume</code> continues it.</p>`}
${comparison.report !== undefined && html`<p><a href="report.html">The report</a> of this comparison has aggregates, intervals and rankings.</p>`}`;
}

function progress({ runs, plannedSteps }: ViewedComparison): string | false {
  const done = runs.reduce((sum, run) => sum + run.step, 0);
  if (done === 0) return false;
  return plannedSteps === undefined
    ? compact(done)
    : `${compact(done)} of ${compact(plannedSteps * runs.length)}`;
}

function elapsed(from: string | undefined, to: string | undefined): string | false {
  const seconds = (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
  return seconds >= 0 && duration(seconds);
}

function runsSection({ runs, plannedSteps }: ViewedComparison, making: ReadonlySet<string>): Html {
  const columns = [
    { title: 'Task' },
    { title: 'Agent' },
    { title: 'Seed', numeric: true },
    { title: 'State' },
    { title: 'Steps', numeric: true },
    { title: 'Steps/s', numeric: true },
    { title: 'Last evaluation', numeric: true },
    { title: 'Replay' },
  ];
  const rows = runs.map((run): CellOf[] => [
    { content: name(run.task) },
    { content: name(run.agent) },
    { content: run.seed },
    {
      content: html`${run.status}${run.reason !== undefined && html`<div class="reason">${run.reason}</div>`}`,
      className: run.status === 'failed' ? 'bad-text' : '',
    },
    { content: html`${grouped(run.step)}${bar(run.step, plannedSteps)}` },
    { content: run.stepsPerSecond === undefined ? '–' : run.stepsPerSecond.toFixed(1) },
    { content: run.lastEvaluation === undefined ? '–' : lastEvaluation(run.lastEvaluation) },
    { content: run.playable === undefined ? '–' : playButton(run, making.has(runId(run))) },
  ]);
  return html`<section id="runs"><h2>Runs</h2>${dataTable('Runs of this comparison', columns, rows)}</section>`;
}

const bar = (step: number, planned: number | undefined) =>
  planned !== undefined &&
  html`<progress max="${planned}" value="${Math.min(step, planned)}" aria-label="share of the steps"></progress>`;

const lastEvaluation = ({ step, meanReturn }: { step: number; meanReturn: number }) =>
  html`${readable(meanReturn)} <small>at ${compact(step)}</small>`;

function playButton(run: ViewedRun, busy: boolean): Html {
  const label = `Play the checkpoint of ${run.agent} on ${run.task}, seed ${run.seed}`;
  return busy
    ? html`<span role="status">playing…</span>`
    : html`<button type="button" data-play="${runId(run)}" aria-label="${label}">Play</button>`;
}

function rolloutsSection(rollouts: readonly ViewedRollout[]): Html {
  return html`<section id="rollouts"><h2>Rollouts</h2>
${rollouts.length === 0 && html`<p>None yet: “Play” beside a run makes one of its checkpoint, and <code>harness rollout</code> with <code>--out DIR/rollouts/NAME.json</code> writes one here.</p>`}
<ul class="rollouts">${rollouts.map(rolloutEntry)}</ul></section>`;
}

function rolloutEntry(rollout: ViewedRollout): Html {
  const { id, name: file, fault, task, agent, trainedSteps, returns, steps } = rollout;
  if (fault !== undefined) return html`<li>${name(file)}: cannot be shown, since ${fault}</li>`;
  const after = trainedSteps === undefined ? 'untrained' : `after ${compact(trainedSteps)} steps`;
  return html`<li><a href="replay/${id}">${name(agent)} on ${name(task)}</a>, ${after}: ${steps} control steps, return ${returns.map(readable).join(', ')} <small>${name(file)}</small></li>`;
}
