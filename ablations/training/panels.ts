/** Several drawings as one: panels that do not share an axis, in rows. */

import type { Drawing } from '../../harness/report/drawing.ts';
import { escapeText } from '../../harness/report/html.ts';

/** A panel's default size in px. */
export const panelSize = { width: 340, height: 270 } as const;

/** Height of the panels' own titles, px. */
const heading = 20;

/** @param grid rows of panels; each panel's title is set above it */
export function sideBySide(
  about: Pick<Drawing, 'name' | 'title' | 'description'>,
  grid: readonly (readonly Drawing[])[],
): Drawing {
  let top = 0;
  let width = 0;
  const parts: string[] = [];
  for (const row of grid) {
    let left = 0;
    for (const panel of row) {
      const middle = left + panel.width / 2;
      parts.push(
        `<text x="${middle}" y="${top + 14}" font-weight="600">${escapeText(panel.title)}</text>`,
        `<g transform="translate(${left},${top + heading})">${panel.content}</g>`,
      );
      left += panel.width;
    }
    width = Math.max(width, left);
    top += heading + Math.max(0, ...row.map((panel) => panel.height));
  }
  return { ...about, width: Math.ceil(width), height: top, content: parts.join('') };
}
