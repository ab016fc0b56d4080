/** Text that plugins made, as it may be shown: a terminal obeys control characters. */

/** Control characters other than line ends and tabs as \xNN. */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** The same in one line. */
export function printableLine(text: string): string {
  return printable(text.trim().replaceAll(/\s*\n\s*/g, ' '));
}

/** What was thrown, in words; anything can be thrown, also what breaks when it is looked at. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return 'something that cannot be printed';
  }
}
