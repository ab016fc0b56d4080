/// <reference lib="dom.iterable" />
/** The page of results: the report of tables that were dropped on it, and recordings in 3-D. */
import './no-code-from-text.ts';
import { loadMuJoCo } from '../envs/mujoco.ts';
import { Player } from '../harness/replay/browser/player.ts';
import type { Film } from '../harness/replay/film.ts';
import { recordingSentence } from '../harness/replay/sentence.ts';
import { SimulatedFilm } from '../harness/replay/simulated-film.ts';
import { swatchDefinitions } from '../harness/report/figures.ts';
import type { ReportModel } from '../harness/report/model.ts';
import { reportContent, schemeButton } from '../harness/report/page.ts';
import { hidingRules } from '../harness/report/style.ts';
import { chosenFiles, takeDrops } from './dropped.ts';
import { find, make, messageOf, setMarkup, workerFault } from './elements.ts';
import type { GivenFile } from './given-files.ts';
import type { NamedRecording, Opened } from './opened.ts';
import type { Reading } from './results-worker.ts';
import { Storage } from './storage.ts';

const status = find('status');
const report = find('report');
const replay = find('replay');
const which = find<HTMLSelectElement>('which');
const stage = find('player');

/** Names the newest files; what older ones still bring is dropped. */
let newest = 0;
let worker: Worker | undefined;
let player: Player | undefined;
let film: Film | undefined;
let recordings: readonly NamedRecording[] = [];
/** The report's script, once it has run on what is shown. */
let acted: Promise<void> | undefined;
/** The recording that is on the stage. */
let staged: NamedRecording | undefined;

const say = (text: string, bad = false): void => {
  status.textContent = text;
  status.className = bad ? 'notice bad' : '';
};

async function open(given: Promise<readonly GivenFile[] | undefined>): Promise<void> {
  const number = ++newest;
  worker?.terminate();
  try {
    say('Reading…');
    const files = await given;
    if (files === undefined) return say('');
    const opened = await inWorker(files);
    await acted; // or it would act on the next report, too
    if (number !== newest) return;
    await show(opened);
    say('');
  } catch (error) {
    if (number === newest) say(`Not shown: ${messageOf(error)}`, true);
  }
}

function inWorker(files: readonly GivenFile[]): Promise<Opened> {
  const own = new Worker(new URL('results-worker.js', document.baseURI), { type: 'module' });
  worker = own;
  return new Promise<Opened>((resolve, reject) => {
    own.addEventListener('message', ({ data }: MessageEvent<Reading>) => {
      if (data.type === 'opened') resolve(data.opened);
      else reject(new Error(data.message));
    });
    own.addEventListener('error', (event) => reject(new Error(workerFault(event, 'results-worker.js'))));
    own.postMessage(
      files,
      files.map(({ bytes }) => bytes.buffer as ArrayBuffer),
    );
  }).finally(() => own.terminate());
}

async function show(opened: Opened): Promise<void> {
  recordings = opened.recordings;
  which.replaceChildren(...recordings.map(({ name }, i) => new Option(name, String(i))));
  (which.parentElement as HTMLElement).hidden = recordings.length < 2;
  replay.hidden = recordings.length === 0;
  report.hidden = opened.report === undefined;
  if (opened.report !== undefined) showReport(opened.report.model);
  const lines = opened.lines.map((line) => make('p', { className: 'notice' }, `Not shown: ${line}`));
  find('lines').replaceChildren(...lines);
  const title = opened.report?.model.title ?? recordings[0]?.name;
  document.title = `${title} · rfm-harness playground`;
  find('heading').textContent = title;
  if (recordings.length > 0) await showRecording();
}

function showReport(model: ReportModel): void {
  document.body.className = '';
  const { summary, sections, data } = reportContent(model);
  document.adoptedStyleSheets = [hidingSheet(model.series.length)];
  setMarkup(
    report,
    `${swatchDefinitions(model.series).text}<div class="kicker"><span></span>${schemeButton.text}</div>${summary.text}${sections.text}`,
  );
  const script = make('script', { src: 'report.js' }); // the report's own; it finds what it acts on
  acted = new Promise((resolve) => {
    script.onload = script.onerror = () => resolve();
  });
  report.append(
    make('script', { id: 'data', type: 'application/json', textContent: JSON.stringify(data) }),
    script,
  );
}

/** Hides the marks of agents, however many there are. */
function hidingSheet(agents: number): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(hidingRules(agents));
  return sheet;
}

/** A recording that cannot be shown leaves the one before, which is shown on. */
async function showRecording(): Promise<void> {
  const chosen = recordings[Number(which.value)];
  const about = find('about');
  about.className = 'lead';
  let next: SimulatedFilm | undefined;
  try {
    next = new SimulatedFilm(await loadMuJoCo(), chosen.recording);
    if (player === undefined) player = new Player(stage, next);
    else player.replace(next);
    film?.dispose();
    film = next;
    staged = chosen;
    about.textContent = `${next.facts.agent} on ${next.facts.task}. ${recordingSentence(next.facts, next.episodes)}`;
  } catch (error) {
    next?.dispose();
    about.className = 'notice bad';
    about.textContent = `${chosen.name} cannot be shown: ${messageOf(error)}`;
    stage.hidden = staged === undefined || !recordings.includes(staged);
    return;
  }
  stage.hidden = false;
}

which.addEventListener('input', () => void showRecording());
for (const id of ['files', 'folder']) {
  const field = find<HTMLInputElement>(id);
  field.addEventListener('change', () => {
    if (field.files !== null && field.files.length > 0) void open(chosenFiles([...field.files]));
  });
  field.addEventListener('click', () => {
    field.value = ''; // so that the same file, changed, can be chosen again
  });
}
takeDrops((files) => void open(files));
void open(Storage.open().then((storage) => storage?.takeDropped()));
