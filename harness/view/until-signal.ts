/** Serves pages from a port that is asked for, or a usual one or a free one, until the process is asked to end. */
import { UserError } from '../text/errors.ts';
import { parseCount } from '../text/quantity.ts';
import { openInBrowser } from './open.ts';

export interface Served {
  readonly address: string;
  close(): Promise<void>;
}

export interface ServingFlags {
  readonly port?: string;
  readonly open?: boolean;
  /** The address is printed as JSON. */
  readonly json?: boolean;
}

/** @param usual port that is taken if it is free and none is asked for */
export async function serveUntilSignal(
  { port, open, json }: ServingFlags,
  usual: number,
  title: string,
  serve: (port: number) => Promise<Served>,
): Promise<void> {
  const asked = port === undefined ? undefined : parseCount(port, '--port', 0, 65_535);
  const served = await serve(asked ?? usual).catch((error: unknown) => {
    if (asked !== undefined || !(error instanceof UserError)) throw error;
    return serve(0);
  });
  const { address } = served;
  console.log(json ? JSON.stringify({ address }) : `${title}: ${address}\nCtrl-C ends it.`);
  if (open) openInBrowser(address, (line) => process.stderr.write(`harness: ${line}\n`));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await served.close();
}
