/** Users' files, loaded and run in a process of their own. */

import { type ApartCall, type ApartFunction, askApart, callApart, PluginFault } from '../process/apart.ts';
import { Arrivals } from '../process/arrivals.ts';
import { shareOfSecond } from '../process/share.ts';
import { UserError } from '../text/errors.ts';
import { findFile } from './load-module.ts';
import { type AgentSource, agentTitle, type TaskSource, taskTitle } from './source.ts';

/** Time for loading a file, counted from when its process is ready to. */
const LOAD_SECONDS = 25;

/** What a file may import as `rfm-harness`. */
const ownModule = new URL('./authoring.ts', import.meta.url);

/**
 * What a function that loads a file tells of it.
 * @throws UserError naming the file if loading it fails, ends the process or blocks it
 */
export async function askOfFile<Order, News>(
  file: string,
  call: Pick<ApartCall<Order, News>, 'module' | 'name' | 'order' | 'news'>,
  seconds = LOAD_SECONDS,
): Promise<News> {
  findFile(file);
  try {
    const patience = { stallSeconds: seconds, limitSeconds: seconds, share: shareOfSecond };
    return await askApart({ ...call, needs: [ownModule], ...patience });
  } catch (error) {
    if (error instanceof PluginFault)
      throw new UserError(loadingFault(file, error, seconds), { cause: error.cause });
    throw error;
  }
}

function loadingFault(file: string, { how, message }: PluginFault, seconds: number): string {
  const why = 'a loop without an end, or a promise that never settles?';
  if (how === 'blocked') return `${file} fails to load: still loading after ${seconds} s (${why})`;
  return how === 'died'
    ? `${file}: ${message} while it was loaded`
    : `${file}: while it was loaded, ${message}`;
}

/** What is run of a user's files; none of both is one. */
export interface UsedSources {
  readonly agent?: AgentSource;
  readonly task?: TaskSource;
}

/**
 * What a function tells that runs an agent, a task or both: here, where both come with the harness, else in a process
 * of its own.
 * @param run the function that the call names
 * @throws PluginFault naming the files, where they end or block their process
 */
export async function* callWithFiles<Order, News>(
  { agent, task }: UsedSources,
  run: ApartFunction<Order, News>,
  call: ApartCall<Order, News>,
): AsyncGenerator<News> {
  const titles = [agent?.file && agentTitle(agent), task?.file && taskTitle(task)].filter((title) => title);
  if (titles.length === 0) {
    yield* callHere(run, call.order);
    return;
  }
  try {
    yield* callApart(call);
  } catch (error) {
    if (!(error instanceof PluginFault) || error.how === 'unanswered') throw error;
    const { how, message, cause } = error;
    throw new PluginFault(how, `${titles.join(' or ')}: ${message}`, { cause });
  }
}

/** The last thing that such a function tells. */
export async function askWithFiles<Order, News>(
  sources: UsedSources,
  run: ApartFunction<Order, News>,
  call: ApartCall<Order, News>,
): Promise<News> {
  let answer: { readonly news: News } | undefined;
  for await (const news of callWithFiles(sources, run, call)) answer = { news };
  if (answer === undefined) throw new Error(`${call.name} told nothing`);
  return answer.news;
}

async function* callHere<Order, News>(run: ApartFunction<Order, News>, order: Order): AsyncGenerator<News> {
  const told = new Arrivals<News>();
  const done = run(order, (news) => told.add(news)).finally(() => told.end());
  done.catch(() => {}); // thrown below, when what it told has been taken
  yield* told;
  await done;
}
