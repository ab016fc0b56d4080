/** The list of all comparisons below a folder, and each of them as the viewer shows it alone. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sha256 } from '../files/durable.ts';
import { pathWithin } from '../files/within.ts';
import { name as nameShown } from '../report/figures.ts';
import { html } from '../report/html.ts';
import { utc } from '../report/run-sections.ts';
import { type CellOf, dataTable } from '../report/table-html.ts';
import { type Listed, listComparisons } from '../results/listing.ts';
import { KIND, notFound, send, sendPage, sendTagged } from './answers.ts';
import { comparisonPage } from './pages.ts';
import { RolloutFiles, rolloutId } from './rollout-files.ts';
import { Stage } from './stage.ts';

/** Recordings that a row links. */
const FEW_ROLLOUTS = 3;

const idOf = ({ folder }: Listed): string => sha256(folder).slice(0, 16);

export class Lobby {
  private readonly stages = new Map<string, Stage>();

  /** @param root folder of the comparisons, listed anew at each look */
  constructor(
    private readonly root: string,
    private readonly title: string,
  ) {}

  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id, rest] = /^\/at\/([0-9a-f]{16})(\/.*)$/.exec(path) ?? [];
    if (id !== undefined) {
      const stage = this.stageOf(id);
      return stage === undefined ? notFound(response) : stage.answer(rest, request, response);
    }
    if (request.method === 'POST') return send(response, 405, KIND.text, 'only GET is answered here\n');
    if (path === '/') return sendPage(response, comparisonPage(this.title));
    if (path === '/comparison') return sendTagged(request, response, KIND.html, this.list());
    return notFound(response);
  }

  /** No address names a folder: only those that are listed have one. */
  private stageOf(id: string): Stage | undefined {
    const known = this.stages.get(id);
    if (known !== undefined) return known;
    const found = listComparisons(this.root).find((listed) => idOf(listed) === id);
    if (found === undefined) return undefined;
    const stage = new Stage({ directory: found.folder, files: [], title: found.name, listed: true });
    this.stages.set(id, stage);
    return stage;
  }

  private list(): string {
    const listed = listComparisons(this.root);
    const running = listed.filter(({ state }) => state === 'running').length;
    const columns = [
      { title: 'Name' },
      { title: 'State' },
      { title: 'Runs', numeric: true },
      { title: 'Started' },
      { title: 'Report' },
      { title: 'Replays' },
      { title: 'Command' },
    ];
    return html`<dl class="facts"><div><dt>Comparisons</dt><dd>${listed.length}</dd></div>
<div><dt>Running</dt><dd><span data-status="${running > 0 ? 'running' : 'done'}">${running}</span></dd></div></dl>
<section><h2>Comparisons and runs</h2>
${listed.length === 0 && html`<p>None yet: this page fills by itself when <code>harness compare</code> writes below this folder.</p>`}
${listed.length > 0 && dataTable(`Comparisons and runs under ${this.title}, the newest first`, columns, listed.map(row))}</section>`
      .text;
  }

  close(): void {
    for (const stage of this.stages.values()) stage.close();
  }
}

function row(listed: Listed): CellOf[] {
  const { name, folder, state, done, runs, startedAt, command } = listed;
  const at = `at/${idOf(listed)}`;
  const rollouts = new RolloutFiles(folder, []).paths();
  const more = rollouts.length - FEW_ROLLOUTS;
  return [
    { content: html`<a href="${at}/">${nameShown(name)}</a>` },
    { content: state, className: state === 'failed' || state === 'unreadable' ? 'bad-text' : '' },
    { content: `${done} of ${runs}` },
    { content: startedAt === undefined ? '–' : utc(startedAt) },
    {
      content:
        pathWithin(folder, 'report.html') === undefined
          ? '–'
          : html`<a href="${at}/report.html" aria-label="Report of ${name}">report</a>`,
    },
    {
      content:
        rollouts.length === 0
          ? '–'
          : html`${rollouts
              .slice(0, FEW_ROLLOUTS)
              .map(
                (path, i) =>
                  html`${i > 0 && ', '}<a href="${at}/replay/${rolloutId(path)}" aria-label="Replay ${i + 1} of ${name}">${i + 1}</a>`,
              )}${more > 0 && html` <a href="${at}/">and ${more} more</a>`}`,
    },
    { content: command === undefined ? '–' : html`<code class="command">${command}</code>` },
  ];
}
