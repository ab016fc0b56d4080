/** The worker of the page of results: reads files and computes what a report shows. */
import './no-code-from-text.ts';
import { messageOf } from './elements.ts';
import type { GivenFile } from './given-files.ts';
import { type Opened, openFiles } from './opened.ts';

export type Reading =
  | { readonly type: 'opened'; readonly opened: Opened }
  | { readonly type: 'failed'; readonly message: string };

addEventListener('message', ({ data }: MessageEvent<readonly GivenFile[]>) => {
  const answer = (reading: Reading): void => postMessage(reading);
  try {
    answer({ type: 'opened', opened: openFiles(data) });
  } catch (error) {
    answer({ type: 'failed', message: messageOf(error) });
  }
});
