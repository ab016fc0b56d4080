/** Swimmers of any length from the one description in assets/swimmer.xml. */

/** What the description is written for: its tracking cameras see six links whole. */
const DESCRIBED_LINKS = 6;
const MARKED = /[ ]*<!-- segment(: nested)? -->\n([\s\S]*?)[ ]*<!-- \/segment -->\n/g;
const TRACKER = /(<camera [^>]*mode="trackcom" pos=")([^"]*)/g;

/**
 * The MJCF text of a swimmer.
 * @param description text of assets/swimmer.xml: what one further link adds stands between segment marks.
 * @param links the head and its `links - 1` segments. Each joint bends by at most 360°/links to either side, so
 *   the chain can at most close to a circle.
 */
export function swimmerModel(description: string, links: number): string {
  if (!Number.isInteger(links) || links < 2)
    throw new RangeError(`a swimmer has at least 2 links, not ${links}`);
  const numbers = Array.from({ length: links - 1 }, (_, i) => i);
  return description
    .replace(MARKED, (_, nested: string | undefined, segment: string) =>
      nested === undefined
        ? numbers.map((i) => numbered(segment, i)).join('')
        : numbers.reduceRight((chain, i) => nest(numbered(segment, i), chain), ''),
    )
    .replace(
      TRACKER,
      (_, start: string, position: string) => start + scaled(position, links / DESCRIBED_LINKS),
    )
    .replaceAll('{limit}', String(360 / links));
}

const numbered = (segment: string, i: number) => segment.replaceAll('{i}', String(i));

/** Puts `inner` into the body which `outer` is, after its own elements. */
function nest(outer: string, inner: string): string {
  const end = outer.lastIndexOf('</body>');
  return outer.slice(0, end) + inner + outer.slice(end);
}

const scaled = (position: string, factor: number) =>
  position
    .split(' ')
    .map((coordinate) => Number(coordinate) * factor)
    .join(' ');
