/** Names that are not known, and those that were meant. */
import { distance } from 'fastest-levenshtein';
import { listed } from './listed.ts';

/** Names that a line offers at most. */
const MOST = 4;

/**
 * The known names that are meant by another one, the likeliest first: a name one letter away; else those that have it as
 * a word, or begin with it; else the one with the fewest letters to change, if these are few and not all.
 */
export function nearestNames(value: string, known: readonly string[]): string[] {
  const typed = value.toLowerCase();
  const far = (name: string) => distance(typed, name.toLowerCase());
  const [best] = known.map((name) => ({ name, letters: far(name) })).sort((a, b) => a.letters - b.letters);
  if (best === undefined) return [];
  if (best.letters > 1 && typed.length > 1) {
    const withWord = known.filter((name) => wordsOf(name).includes(typed));
    const beginning = known.filter((name) => name.toLowerCase().startsWith(typed));
    const found = [...new Set([...withWord, ...beginning])];
    if (found.length > 0) return found.slice(0, MOST);
  }
  const unlike = best.letters >= Math.max(value.length, best.name.length); // no letter in common
  return !unlike && best.letters <= Math.max(2, Math.ceil(value.length * 0.4)) ? [best.name] : [];
}

/** `rfm-flow` has rfm and flow, `batchSize` batch and size. */
const wordsOf = (name: string): string[] =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u);

/** `did you mean 'rfm-flow' or 'rfm-diffusion'?`; undefined where no known name is near. */
export function didYouMean(value: string, known: readonly string[]): string | undefined {
  const quoted = nearestNames(value, known).map((name) => `'${name}'`);
  return quoted.length === 0 ? undefined : `did you mean ${listed(quoted, 'or')}?`;
}

/** What is said of a name that is not known: the names that may be meant, or all that are known. */
export const unknown = (kind: string, value: string, known: readonly string[]): string =>
  `unknown ${kind} '${value}'; ${didYouMean(value, known) ?? `known: ${known.join(', ')}`}`;

/** The same of the first key of an object that is not known; undefined where all are. */
export function unknownKey(value: object, known: readonly string[]): string | undefined {
  const odd = Object.keys(value).find((key) => !known.includes(key));
  return odd === undefined ? undefined : unknown('key', odd, known);
}
