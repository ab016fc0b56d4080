/** The sections about how the numbers came to be: runs and failures, configuration, machine. */
import { stringify } from 'yaml';
import type { Manifest } from '../results/manifest-reader.ts';
import { name } from './figures.ts';
import { type Html, html, type Part } from './html.ts';
import type { ReportModel, Source } from './model.ts';
import { duration, grouped } from './numbers.ts';
import { type CellOf, dataTable } from './table-html.ts';

export function runsSection(model: ReportModel): Html {
  const { runs, troubled } = model;
  const counted = `${grouped(runs.length)} run${runs.length === 1 ? ' is' : 's are'} in the numbers of this page.`;
  return html`<section id="runs"><h2>Runs</h2>
${
  troubled.length === 0
    ? html`<p>${counted} No failed or unfinished runs are known.</p>`
    : html`<p>${counted} Failed runs are left out; unfinished runs count with their last evaluation, if they have one.</p>${troubledTable(model)}`
}</section>`;
}

function troubledTable(model: ReportModel): Html {
  const sortable = true;
  const several = model.sources.length > 1;
  const columns = [
    ...(several ? [{ title: 'Directory', sortable }] : []),
    { title: 'Task', sortable },
    { title: 'Agent', sortable },
    { title: 'Seed', numeric: true, sortable },
    { title: 'Status', sortable },
    { title: 'Steps done', numeric: true, sortable },
    { title: 'Attempts', numeric: true, sortable },
    { title: 'Reason' },
  ];
  const rows = model.troubled.map((run): CellOf[] => [
    ...(several ? [{ content: run.source, sort: run.source }] : []),
    { content: name(run.task), sort: run.task },
    { content: name(run.agent), sort: run.agent },
    { content: run.seed, sort: run.seed },
    { content: run.status, sort: run.status, className: run.status === 'failed' ? 'bad-text' : '' },
    { content: run.steps === undefined ? '–' : grouped(run.steps), sort: run.steps },
    { content: run.attempts ?? '–', sort: run.attempts },
    { content: run.reason ?? '–', className: 'reason' },
  ]);
  return dataTable('Failed and unfinished runs', columns, rows);
}

/** Undefined if no source has a manifest. */
export function configurationSection(model: ReportModel): Html | undefined {
  const described = model.sources.filter((source) => source.manifest !== undefined);
  if (described.length === 0) return undefined;
  return html`<section id="configuration"><h2>Configuration and machine</h2>
${described.map((source) => sourceFacts(source, described.length > 1))}</section>`;
}

/** Of all sessions and of all parts that were joined, each once; of a part the model alone is known. */
function processors({ cpu, continued }: Manifest): string {
  const own = [cpu, ...continued.map((session) => session.cpu)]
    .filter((one) => one !== undefined)
    .map(describe);
  const joined = continued.flatMap(({ merged }) => merged.map((part) => describe(part.cpu)));
  const others = joined.filter((model) => model !== '' && !own.some((one) => one.startsWith(model)));
  return [...new Set([...own, ...others])].join('; ');
}

function sourceFacts({ name: title, manifest }: Source, several: boolean): Html | undefined {
  if (manifest === undefined) return undefined;
  const facts: [string, Part][] = [
    ['Command', manifest.command && html`<code>${manifest.command}</code>`],
    ['Commit', manifest.commit && html`<code>${manifest.commit}</code>`],
    ['Processor', processors(manifest)],
    [
      'Versions',
      Object.entries(manifest.versions)
        .map(([part, version]) => `${part} ${describe(version)}`)
        .join(', '),
    ],
    ['Started', manifest.startedAt && utc(manifest.startedAt)],
    ['Ended', manifest.endedAt && utc(manifest.endedAt)],
    ['Time of all runs', runTime(manifest.runs)],
  ];
  return html`${several && html`<h3>${title}</h3>`}<dl class="pairs">${facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>
${manifest.config !== undefined && html`<details><summary>Resolved configuration</summary><pre tabindex="0">${yaml(manifest.config)}</pre></details>`}`;
}

const yaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false });

function runTime(runs: readonly { wallSeconds?: number | undefined }[]): string | undefined {
  const seconds = runs.reduce((sum, run) => sum + (run.wallSeconds ?? 0), 0);
  return seconds > 0 ? duration(seconds) : undefined;
}

/** One line for a value of any shape: "AMD EPYC, 2 cores". */
function describe(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(describe).join(', ');
  if (typeof value === 'object') {
    const { model, cores, memoryGiB } = value as Record<string, unknown>;
    if (typeof model === 'string' && typeof cores === 'number') {
      const memory = typeof memoryGiB === 'number' ? `, ${memoryGiB} GiB of memory` : '';
      return `${model}, ${cores} core${cores === 1 ? '' : 's'}${memory}`;
    }
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${describe(inner)}`)
      .join(', ');
  }
  return String(value);
}

/** 2026-03-01 12:30 UTC; the text as it is if it is no date. */
export function utc(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
