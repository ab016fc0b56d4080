/** Small edits of MJCF text. Each names the place it expects and refuses a text that does not have it once. */

/** Inserts `addition` before the only occurrence of `place`. */
export const insertBefore = (xml: string, place: string, addition: string): string =>
  replaceOnce(xml, place, `${addition}\n${place}`);

/** Inserts `addition` after the only occurrence of `place`. */
export const insertAfter = (xml: string, place: string, addition: string): string =>
  replaceOnce(xml, place, `${place}\n${addition}`);

/**
 * Replaces the only occurrence of `place`.
 * @throws Error when the text has none or several.
 */
export function replaceOnce(xml: string, place: string, replacement: string): string {
  const parts = xml.split(place);
  if (parts.length !== 2) {
    throw new Error(
      `the model's text has ${parts.length - 1} places ${JSON.stringify(place)}; exactly 1 is needed`,
    );
  }
  return parts.join(replacement);
}
