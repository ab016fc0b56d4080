/** The plan of a comparison that begins, goes on, grows, or is a shard. */
import { UserError } from '../text/errors.ts';
import { additions, extendPlan, withAgentsOf, withSettingsOf } from './extend.ts';
import { type ComparisonPlan, jobsOf, type Shard } from './plan.ts';
import { resolvePlan } from './resolve.ts';
import type { Settings } from './settings.ts';

export interface PlanRequest {
  /** The plan of results that exist. */
  readonly before?: ComparisonPlan;
  /** Whether nothing is asked: what exists goes on as it is. */
  readonly usesDefaults: boolean;
  readonly extend?: boolean;
  readonly shard?: Shard;
  readonly folder: string;
}

/**
 * The plan that settings ask for, of the shard, and as what exists already goes on.
 * @throws UserError for settings that do not fit each other, or what exists
 */
export async function planFor(
  settings: Settings,
  { before, usesDefaults, extend, shard, folder }: PlanRequest,
): Promise<ComparisonPlan> {
  if (before !== undefined && usesDefaults) return shard === undefined ? before : { ...before, shard };
  const named = before === undefined ? settings : withAgentsOf(before, settings);
  const asked = await resolvePlan(named);
  if (before === undefined)
    return shard === undefined ? asked : { ...asked, shard: checkShard(shard, asked) };
  const plan = withSettingsOf(before, shard === undefined ? asked : { ...asked, shard }, settings);
  if (!extend) return plan;
  const extended = extendPlan(before, plan, folder);
  additions(before, extended, folder);
  return extended;
}

/** `2/8`, the second of eight. @throws UserError for anything else */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text.trim()) ?? []).map(Number);
  if (!(index >= 1 && index <= count))
    throw new UserError(`--shard expects a part such as 2/8, the second of eight, found '${text}'`);
  return { index, count };
}

function checkShard(shard: Shard, plan: ComparisonPlan): Shard {
  const { length } = jobsOf(plan);
  if (shard.count > length)
    throw new UserError(
      `--shard ${shard.index}/${shard.count}: there are ${length} runs, so at most ${length} shards`,
    );
  return shard;
}
