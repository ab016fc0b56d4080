/** `harness view`: a local web page of a comparison, and of rollouts in 3-D. */
import { Command } from 'commander';
import type { ViewOptions } from '../view/server.ts';

interface ViewFlags {
  readonly port?: string;
  readonly host: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Taken if it is free and --port says nothing. */
const USUAL_PORT = 8420;

export function viewCommand(): Command {
  return new Command('view')
    .description('show a running or finished comparison, and replay rollouts in 3-D, in a browser')
    .argument('<paths...>', 'a directory of results, or rollouts written as FILE.json')
    .option('--port <number>', `port; 0 takes a free one (default: ${USUAL_PORT}, or a free one)`)
    .option('--host <address>', 'address to listen on; 0.0.0.0 allows other machines', '127.0.0.1')
    .option('--open', 'open the page in the browser')
    .option('--json', 'print the address as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness view results/mine                        curves, runs and rollouts; updates while a comparison runs
  harness view results/mine --open --port 9000
  harness rollout --agent random --task humanoid-run --out walk.json && harness view walk.json

Ctrl-C ends it. A page to send to somebody, without a server: harness rollout ... --page FILE.html`,
    )
    .action(view);
}

async function view(paths: readonly string[], flags: ViewFlags): Promise<void> {
  const { parseCount } = await import('../text/quantity.ts');
  const { startViewer } = await import('../view/server.ts');
  const { viewSubject } = await import('../view/subject.ts');
  const { UserError } = await import('../text/errors.ts');
  const subject = viewSubject(paths);
  const asked = flags.port === undefined ? undefined : parseCount(flags.port, '--port', 0, 65_535);
  const options = (port: number): ViewOptions => ({ ...subject, host: flags.host, port });
  const viewer = await startViewer(options(asked ?? USUAL_PORT)).catch((error: unknown) => {
    if (asked !== undefined || !(error instanceof UserError)) throw error;
    return startViewer(options(0));
  });
  const { address } = viewer;
  console.log(flags.json ? JSON.stringify({ address }) : `${subject.title}: ${address}\nCtrl-C ends it.`);
  if (flags.open) {
    const { openInBrowser } = await import('../view/open.ts');
    openInBrowser(address, (line) => process.stderr.write(`harness: ${line}\n`));
  }
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await viewer.close();
}
