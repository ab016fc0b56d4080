/** `harness playground`: a page where a browser trains, served here or written as a static site. */
import { Command } from 'commander';

interface PlaygroundFlags {
  readonly port?: string;
  readonly host: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** Taken if it is free and --port says nothing. */
const USUAL_PORT = 8421;

export function playgroundCommand(): Command {
  return new Command('playground')
    .description(
      'serve pages that train in the browser, show results and show the method, or write them as a static site',
    )
    .option('--out <folder>', 'write the site for any static host, and end')
    .option('--force', 'also replace files in --out that no playground wrote')
    .option('--port <number>', `port; 0 takes a free one (default: ${USUAL_PORT}, or a free one)`)
    .option('--host <address>', 'address to listen on; 0.0.0.0 allows other machines', '127.0.0.1')
    .option('--open', 'open the page in the browser')
    .option('--json', 'print the address as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness playground --open
  harness playground --out site                    the same as files, for any static host and any folder there`,
    )
    .action(playground);
}

async function playground(flags: PlaygroundFlags): Promise<void> {
  const { servePlayground, writeSite } = await import('../view/playground.ts');
  if (flags.out !== undefined) {
    writeSite(flags.out, flags.force);
    console.log(flags.json ? JSON.stringify({ folder: flags.out }) : `${flags.out} holds the site`);
    return;
  }
  const { serveUntilSignal } = await import('../view/until-signal.ts');
  await serveUntilSignal(flags, USUAL_PORT, 'playground', (port) => servePlayground(flags.host, port));
}
