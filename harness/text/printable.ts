/** Text that plugins made, as it may be shown: a terminal obeys control characters. */

/** Control characters other than line ends and tabs as \xNN. */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** Characters that a line keeps at most; what is longer says nothing more to a reader, and fills a terminal. */
const LONGEST_LINE = 2000;
/** A line that was cut already, with a title before it, is not cut again: the count in it would be another. */
const CUT_LINE = LONGEST_LINE + 500;

/** The same in one line, which ends where it grows too long. */
export function printableLine(text: string): string {
  const line = printable(
    text
      .slice(0, 4 * LONGEST_LINE)
      .trim()
      .replaceAll(/\s*\n\s*/g, ' '),
  );
  return line.length > CUT_LINE || text.length > 4 * LONGEST_LINE
    ? `${line.slice(0, LONGEST_LINE)}… (${text.length} characters in all)`
    : line;
}

/** The message of what was thrown; anything can be thrown, also what breaks when it is looked at. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return 'something that cannot be printed';
  }
}
