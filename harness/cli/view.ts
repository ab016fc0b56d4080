/** `harness view`: a local web page of a comparison, and of rollouts in 3-D. */
import { Command } from 'commander';

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
    .description('show running and finished comparisons, and replay rollouts in 3-D, in a browser')
    .argument('[paths...]', 'a directory of results or of several, or rollouts written as FILE.json', [
      'results',
    ])
    .option('--port <number>', `port; 0 takes a free one (default: ${USUAL_PORT}, or a free one)`)
    .option('--host <address>', 'address to listen on; 0.0.0.0 allows other machines', '127.0.0.1')
    .option('--open', 'open the page in the browser')
    .option('--json', 'print the address as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness view                                     all comparisons under results/
  harness view results/mine                        curves, runs and rollouts; updates while a comparison runs
  harness view results/mine --open --port 9000
  harness rollout --agent random --task humanoid-run --out walk.json && harness view walk.json

Ctrl-C ends it. A page to send to somebody, without a server: harness rollout ... --page FILE.html`,
    )
    .action(view);
}

async function view(paths: readonly string[], flags: ViewFlags): Promise<void> {
  const { startViewer } = await import('../view/server.ts');
  const { viewSubject } = await import('../view/subject.ts');
  const { serveUntilSignal } = await import('../view/until-signal.ts');
  const subject = viewSubject(paths);
  await serveUntilSignal(flags, USUAL_PORT, subject.title, (port) =>
    startViewer({ ...subject, host: flags.host, port }),
  );
}
