/** Checks of agents and tasks in a process of their own, so that none of them can end or block the command. */
import { z } from 'zod';
import type { Verdict } from '../../../agents/conformance.ts';
import { callApart, PluginFault } from '../../process/apart.ts';
import { shareOfSecond } from '../../process/share.ts';
import { UserError } from '../../text/errors.ts';
import { isFile } from '../load-module.ts';
import type { CheckNews, CheckOrder } from './run.ts';

/** A verdict on the agent or task of that name. */
export interface Finding {
  readonly subject: string;
  readonly verdict: Verdict;
}

const news: z.ZodType<CheckNews> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subject'), name: z.string() }),
  z.object({ type: z.literal('tries'), promise: z.string() }),
  z.object({
    type: z.literal('verdict'),
    verdict: z.object({ promise: z.string(), passed: z.boolean(), detail: z.string() }),
  }),
]);

/**
 * Yields verdict after verdict; what ends or blocks the process breaks the promise that was being tried.
 * What the plugin prints goes to standard error.
 * @throws UserError if there is nothing to check: an unknown name, a file that does not load
 */
export async function* checkApart(order: CheckOrder, stallSeconds?: number): AsyncGenerator<Finding> {
  const module = new URL('./run.ts', import.meta.url);
  let subject = order.name;
  let tried: string | undefined;
  try {
    const call = { module, name: 'runCheck', order, news, stallSeconds, share: shareOfSecond };
    for await (const found of callApart(call)) {
      if (found.type === 'subject') subject = found.name;
      else if (found.type === 'tries') tried = found.promise;
      else yield { subject, verdict: found.verdict };
    }
  } catch (error) {
    const what = error instanceof PluginFault ? error : undefined;
    if (tried !== undefined && !(error instanceof UserError)) {
      const detail = what?.message ?? (error as Error).message;
      yield { subject, verdict: { promise: tried, passed: false, detail } };
      return;
    }
    if (what === undefined) throw error;
    const message =
      what.how === 'outside' ? `while it was loaded, ${what.message}` : `${what.message} while it was loaded`;
    throw isFile(order.name) ? new UserError(`${order.name}: ${message}`, { cause: what.cause }) : what;
  }
}
