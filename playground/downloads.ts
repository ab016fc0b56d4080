/** Links to the tables of each run as they are now, and to the rest of a run that has ended. */
import { make } from './elements.ts';
import type { Choices } from './options.ts';
import { archiveOf, type Machine, manifestOf } from './take-away.ts';
import { nameOf, type ShownRun } from './trainings.ts';

/** Elements stay while what they lead to changes: so does the focus. */
export class Downloads {
  readonly #list: HTMLElement;
  readonly #choices: Choices;
  readonly #machine: Machine;
  readonly #items = new Map<ShownRun, HTMLElement>();

  constructor(list: HTMLElement, choices: Choices, machine: Machine) {
    this.#list = list;
    this.#choices = choices;
    this.#machine = machine;
  }

  /** @param runs all of a training */
  show(runs: readonly ShownRun[]): void {
    for (const [run, item] of this.#items) {
      if (runs.includes(run)) continue;
      for (const link of item.querySelectorAll('a')) URL.revokeObjectURL(link.href);
      item.remove();
      this.#items.delete(run);
    }
    runs.forEach((run, i) => {
      if (run.tables === undefined) return;
      const item = this.#items.get(run) ?? this.#insert(run, runs.slice(i + 1));
      this.#fill(item, run, runs.length === 1 ? '' : `${i + 1}-${run.place.folder}-`);
    });
  }

  #insert(run: ShownRun, later: readonly ShownRun[]): HTMLElement {
    const item = make('li', {}, make('span', { className: 'of' }, nameOf(run)));
    const next = later.flatMap((other) => this.#items.get(other) ?? []).at(0);
    this.#list.insertBefore(item, next ?? null);
    this.#items.set(run, item);
    return item;
  }

  #fill(item: HTMLElement, { tables, ended, place }: ShownRun, prefix: string): void {
    for (const [name, text] of Object.entries(tables ?? {}))
      link(item, `${prefix}${name}`, name, text, 'text/csv');
    if (ended === undefined || item.querySelector('button') !== null) return;
    const manifest = manifestOf(ended, this.#choices, this.#machine);
    link(item, `${prefix}manifest.json`, 'manifest.json', manifest, 'application/json');
    const name = `${prefix.slice(0, -1) || place.folder}.zip`;
    const all = make('button', { type: 'button', textContent: `all with the checkpoint: ${name}` });
    all.addEventListener('click', () => {
      const href = addressOf([archiveOf(ended, this.#choices, this.#machine)], 'application/zip');
      make('a', { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    });
    item.append(all);
  }
}

/** Makes a link lead to a text; appends it if there is none of this name yet. */
function link(item: HTMLElement, download: string, textContent: string, text: string, type: string): void {
  const href = addressOf([text], type);
  const known = [...item.querySelectorAll('a')].find((one) => one.download === download);
  if (known === undefined) {
    item.append(make('a', { href, download, textContent }));
    return;
  }
  URL.revokeObjectURL(known.href);
  known.href = href;
}

const addressOf = (parts: (string | Uint8Array)[], type: string): string =>
  URL.createObjectURL(new Blob(parts as BlobPart[], { type }));
