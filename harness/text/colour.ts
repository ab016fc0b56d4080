/** Colours of the terminal: where a stream shows them, and what gets which. */
import picocolors from 'picocolors';

type Colours = ReturnType<typeof picocolors.createColors>;
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Colours for what is written to a stream; without any where it is no terminal. NO_COLOR (no-color.org) and
 * FORCE_COLOR (force-color.org; 0 is off) decide before that, in this order.
 */
export function coloursOf(
  { isTTY = false }: { readonly isTTY?: boolean },
  { NO_COLOR, FORCE_COLOR, TERM }: Environment = process.env,
): Colours {
  const refused = !!NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false';
  return picocolors.createColors(!refused && (!!FORCE_COLOR || (isTTY && TERM !== 'dumb')));
}

/** What lines of the harness begin with. */
const BEGINNING = /^(harness|failed|note|report|results|trajectory|page|video):(?= )/gm;

/** Errors red, notes yellow, places dim: the words that lines begin with; the heads of tables of agents bold. */
export function painted(text: string, colours: Colours): string {
  if (!colours.isColorSupported) return text;
  const paint = (word: string) =>
    word === 'harness' || word === 'failed'
      ? colours.bold(colours.red(`${word}:`))
      : word === 'note'
        ? colours.yellow(`${word}:`)
        : colours.dim(`${word}:`);
  return text
    .replaceAll(BEGINNING, (_, word: string) => paint(word))
    .replaceAll(/^agent {2,}.*$/gm, (head) => colours.bold(head));
}

/** The colour of a state of runs. */
export function paintState(state: string, cell: string, colours: Colours): string {
  if (state === 'done') return colours.green(cell);
  if (state === 'failed' || state === 'unreadable') return colours.red(cell);
  return state === 'running' ? colours.cyan(cell) : colours.yellow(cell);
}
