/** HTML as text: everything that goes into a template is escaped, unless it is HTML already. */

/** A piece of HTML that is safe as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | undefined | false | readonly Part[];

/** A template of HTML; strings in it become text, never markup. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0];
  parts.forEach((part, i) => {
    text += render(part) + strings[i + 1];
  });
  return new Html(text);
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join('');
  return escapeText(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML or XML content and quoted attributes. */
export function escapeText(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character]);
}

/**
 * A name as it can be shown: characters that neither HTML nor XML allow, and those that turn the direction of
 * the text around them, are replaced.
 */
export function visible(text: string): string {
  return text.replace(unshowable, '\ufffd');
}

/** Control characters other than tab and line ends, lone surrogates, direction overrides, noncharacters. */
const unshowable = /[^\P{Cc}\t\n\r]|\p{Cs}|[\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/**
 * Names on one line of at most `length` characters, for labels that stand together: those that are alike at their beginning are cut
 * in the middle or at their beginning, as tells them apart, or get a number.
 * @param names all that stand together
 */
export function shortNames(names: readonly string[], length = 24): (name: string) => string {
  const cuts = [
    (name: string) => cutTo(name, length, length - 1),
    (name: string) => cutTo(name, length, Math.floor((length - 1) / 2)),
    (name: string) => cutTo(name, length, 0),
  ];
  const different = [...new Set(names)];
  const labels = new Map<string, string>();
  /** For names that no cut tells apart. */
  const numbered = (name: string) => {
    const number = ` ${different.indexOf(name) + 1}`;
    return `${cutTo(name, length - number.length, length - number.length - 1)}${number}`;
  };
  for (const name of different) {
    const isOwn = (cut: (typeof cuts)[number]) =>
      different.every((other) => other === name || cut(other) !== cut(name));
    const cut = cuts.find(isOwn);
    labels.set(name, cut === undefined ? numbered(name) : cut(name));
  }
  return (name) => labels.get(name) ?? shortName(name, length);
}

/** A name without its middle: so many characters from its beginning, and the rest of `length` from its end. */
function cutTo(name: string, length: number, head: number): string {
  const line = [...oneLine(name)];
  if (line.length <= length) return line.join('');
  return `${line.slice(0, head).join('')}…${line.slice(line.length - (length - 1 - head)).join('')}`;
}

const oneLine = (name: string): string => visible(name).replace(/\s+/g, ' ').trim();

/** A name on one line of at most `length` characters, for labels of plots. */
export const shortName = (name: string, length = 24): string => cutTo(name, length, length - 1);
