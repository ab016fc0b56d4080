/** How the verdicts of check-agent and check-task are shown. */
import type { Verdict } from '../../agents/conformance.ts';
import { printable } from '../text/printable.ts';

export function printVerdict({ passed, promise, detail }: Verdict): void {
  const why = passed ? '' : `\n      ${printable(detail).replaceAll('\n', '\n      ')}`;
  console.log(`${passed ? 'kept  ' : 'BROKEN'}  ${promise}${why}`);
}
