/**
 * Functions that run a user's code, called in a process of their own: there it can block, end or change nothing but
 * that process. What the code prints goes to standard error.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { UserError } from '../text/errors.ts';
import { printable, printableLine } from '../text/printable.ts';
import { causeOfDeath } from './cause-of-death.ts';
import { asRun, endTogether, type ProcessEnd, SupervisedProcess } from './supervised.ts';

/** What a process is told to do. */
export interface ApartOrder {
  /** The address of a module, and the name of a function in it: `(order, tell) => Promise<void>`. */
  readonly module: string;
  readonly name: string;
  readonly order: unknown;
  /** Addresses of modules that are loaded before it begins. */
  readonly needs: readonly string[];
}

/** A function as it is called apart: it tells what it finds, piece by piece. */
export type ApartFunction<Order, News> = (order: Order, tell: (news: News) => void) => Promise<void>;

export interface ApartCall<Order, News> {
  /** The module with the function, as `new URL('./its-name.ts', import.meta.url)`. */
  readonly module: URL;
  readonly name: string;
  readonly order: Order;
  /** Modules that the function will load; here they are loaded before its time begins. */
  readonly needs?: readonly URL[];
  /** Checked on arrival: a plugin shares the process and might send anything. */
  readonly news: z.ZodType<News>;
  /** Seconds without a sign of life after which the process is taken for blocked. */
  readonly stallSeconds?: number;
  /** Seconds in all. */
  readonly limitSeconds?: number;
  /** What a second counts of both; by default 1. */
  readonly share?: () => number;
}

/** What a process that runs a user's code says. */
export const apartMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('alive') }),
  z.object({ type: z.literal('news'), news: z.unknown() }),
  /** The function threw, or something else did. */
  z.object({
    type: z.literal('failed'),
    message: z.string(),
    /** Where, for --debug. */
    stack: z.string(),
    /** Wrong use of the command; what a plugin did outside of any call, or never did; anything else that was thrown. */
    kind: z.enum(['user', 'outside', 'unanswered', 'other']),
  }),
  z.object({ type: z.literal('ended') }),
]);

export type ApartMessage = z.infer<typeof apartMessage>;

/** Seconds for a process to start and load the harness, on a machine with much else to do. */
const START_SECONDS = 180;
/** Seconds without a sign of life after which a process is taken for blocked. */
const STALL_SECONDS = 30;
/** Of the heap; arrays lie outside of it. */
const HEAP_MEGABYTES = 1024;
/** Patience with a process that is done, and whose last words may still be on their way. */
const LEAVE_MILLISECONDS = 1000;

/** What a user's code did to its process, beside what its functions threw. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault';
  /** The message is one line that says all there is to say, and nobody used the command wrongly. */
  readonly plain = true;

  /**
   * @param how the process was `blocked` or `died`, something happened `outside` of any call, or a call was left
   *   `unanswered`: then the message names it
   */
  constructor(
    readonly how: 'blocked' | 'died' | 'outside' | 'unanswered',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * What the function tells, as it tells it.
 * @throws UserError where the function threw one
 * @throws PluginFault where the process was blocked or ended, something was thrown outside of any call, or a call
 *   never returned
 * @throws Error for anything else that the function threw
 */
export async function* callApart<Order, News>(call: ApartCall<Order, News>): AsyncGenerator<News> {
  const { stallSeconds = STALL_SECONDS, limitSeconds, share, module, name, order, needs = [] } = call;
  const child = new SupervisedProcess<ApartMessage>({
    module: new URL('./apart-worker.ts', import.meta.url),
    message: apartMessage,
    ...{ startSeconds: START_SECONDS, stallSeconds, limitSeconds, share },
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
  });
  const release = endTogether(child);
  const show = () => process.stderr.write(printable(child.printed()));
  const address = (one: URL) => asRun(one).href;
  child.send({ module: address(module), name, order, needs: needs.map(address) } satisfies ApartOrder);
  try {
    for await (const message of child.messages()) {
      if (message.type === 'alive') continue;
      show();
      if (message.type === 'news') {
        yield checked(call.news, message.news);
        continue;
      }
      await Promise.race([child.ended, pause(LEAVE_MILLISECONDS)]);
      show();
      if (message.type === 'failed') throw failure(message);
      return;
    }
    throw endedEarly(await child.ended, child.printed(), limitSeconds ?? stallSeconds);
  } finally {
    release();
    child.kill();
  }
}

/** The last thing that a function tells. */
export async function askApart<Order, News>(call: ApartCall<Order, News>): Promise<News> {
  let answer: { readonly news: News } | undefined;
  for await (const news of callApart(call)) answer = { news };
  if (answer === undefined) throw new PluginFault('died', 'its process ended without an answer');
  return answer.news;
}

function endedEarly({ code, signal, blocked }: ProcessEnd, printed: string, seconds: number): PluginFault {
  return blocked
    ? new PluginFault('blocked', `its process gave no sign of life for ${seconds} s (a loop without an end?)`)
    : new PluginFault('died', causeOfDeath(code, signal, printed));
}

function checked<News>(schema: z.ZodType<News>, news: unknown): News {
  const parsed = schema.safeParse(news);
  if (parsed.success) return parsed.data;
  throw new PluginFault('outside', 'its process said something that no function of the harness says');
}

function failure({ message, stack, kind }: Extract<ApartMessage, { type: 'failed' }>): Error {
  const cause = new Error(message);
  cause.stack = stack;
  if (kind === 'user') return new UserError(message, { cause });
  if (kind === 'other') return new Error(message, { cause });
  return new PluginFault(kind, printableLine(message), { cause });
}
