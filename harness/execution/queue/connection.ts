/** Redis and BullMQ, which are there only where a user installed them. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { UserError } from '../../text/errors.ts';

/** The name of its executor. */
export const QUEUE_EXECUTOR = 'bullmq';

type BullMQ = typeof import('bullmq');

/** The one queue of all comparisons on a Redis, and the prefix of its keys. */
export const QUEUE = 'runs';
export const PREFIX = 'rfm-harness';

/** Where Redis is if nobody says. */
export const defaultRedis = (): string => process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

export interface RedisLink {
  readonly bullmq: BullMQ;
  readonly redis: Redis;
  /** The address without its password. */
  readonly shown: string;
  close(): Promise<void>;
}

/** Patience with a Redis that does not answer. */
const CONNECT_MILLISECONDS = 5000;

/**
 * A connection that comes back by itself when Redis was away for a while.
 * @param note called once when Redis is lost and once when it is back
 * @throws UserError where the packages miss, the address is none, or nobody answers there
 */
export async function connectToRedis(address: string, note: (line: string) => void): Promise<RedisLink> {
  const shown = withoutPassword(address);
  const { bullmq, RedisClass } = await loadPackages();
  await probe(RedisClass, address, shown);
  const redis = new RedisClass(address, {
    maxRetriesPerRequest: null, // BullMQ's condition: a command waits for Redis to come back
    retryStrategy: (times) => Math.min(200 * times, 5000),
  });
  let lost = false;
  redis.on('error', (error) => {
    if (!lost) note(`lost Redis at ${shown} (${reasonOf(error)}); waits for it to come back`);
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) note(`Redis at ${shown} is back`);
    lost = false;
  });
  const close = async () => {
    redis.disconnect();
  };
  return { bullmq, redis, shown, close };
}

export function openQueue({ bullmq, redis }: RedisLink): Queue {
  const queue = new bullmq.Queue(QUEUE, { connection: redis, prefix: PREFIX });
  queue.on('error', () => {}); // the connection's own listener tells of it
  return queue;
}

/** The key that asks every worker to stop the runs of a comparison. */
export const stopKey = (comparison: string): string => `${PREFIX}:stop:${comparison}`;

/** @throws UserError if it is no address of a Redis */
export function withoutPassword(address: string): string {
  const fault = new UserError('--redis expects an address such as redis://127.0.0.1:6379');
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw fault;
  }
  if (!['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') throw fault;
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
}

async function loadPackages(): Promise<{ bullmq: BullMQ; RedisClass: typeof Redis }> {
  try {
    return { bullmq: await import('bullmq'), RedisClass: (await import('ioredis')).Redis };
  } catch (error) {
    if (!/MODULE_NOT_FOUND/.test(String((error as { code?: unknown } | null)?.code))) throw error;
    throw new UserError(
      'runs over a queue need two more packages; install them with: npm install bullmq ioredis',
    );
  }
}

/** One try, so that a wrong address is reported at once. */
async function probe(RedisClass: typeof Redis, address: string, shown: string): Promise<void> {
  const redis = new RedisClass(address, {
    lazyConnect: true,
    connectTimeout: CONNECT_MILLISECONDS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let reason = '';
  redis.on('error', (error) => {
    reason = reasonOf(error);
  });
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), CONNECT_MILLISECONDS + 500);
  });
  try {
    await Promise.race([redis.connect().then(() => redis.ping()), limit]);
    if (reason !== '') throw new Error(reason); // a database that it does not have
  } catch (error) {
    throw new UserError(
      `cannot use Redis at ${shown}: ${reason || reasonOf(error)}; --redis says where it is, redis-server starts one`,
    );
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'host unreachable',
  ECONNRESET: 'connection closed',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && reasons[code]) ?? message.split('\n', 1)[0];
}
