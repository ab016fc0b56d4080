/** The command `harness`: its subcommands, and what its exit codes mean. */
import { fstatSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { diskReason, writeFully } from '../files/durable.ts';
import { keepFilesOut } from '../plugins/load-module.ts';
import { endProcess, unanswered } from '../process/awaited.ts';
import { tuneWebAssembly } from '../process/webassembly.ts';
import { packageVersion } from '../results/manifest.ts';
import { coloursOf, painted } from '../text/colour.ts';
import { UserError } from '../text/errors.ts';
import { messageOf, printable, printableLine } from '../text/printable.ts';
import { ablateCommand } from './ablate/index.ts';
import { agentsCommand } from './agents.ts';
import { benchCommand } from './bench/index.ts';
import { checkAgentCommand } from './check-agent.ts';
import { checkTaskCommand } from './check-task.ts';
import { compareCommand } from './compare.ts';
import { completionCommand } from './completion.ts';
import { doctorCommand } from './doctor.ts';
import { evalCommand } from './eval.ts';
import { Exit, exitCodes } from './exit.ts';
import { listCommand } from './list.ts';
import { mergeCommand } from './merge.ts';
import { playgroundCommand } from './playground.ts';
import { reportCommand } from './report.ts';
import { rolloutCommand } from './rollout.ts';
import { smokeCommand } from './smoke.ts';
import { tasksCommand } from './tasks.ts';
import { traceCommand } from './trace.ts';
import { trainCommand } from './train.ts';
import { verifyCommand } from './verify.ts';
import { viewCommand } from './view.ts';
import { workerCommand } from './worker.ts';

/** In the order of the help. */
const commands: readonly (() => Command)[] = [
  compareCommand,
  trainCommand,
  workerCommand,
  evalCommand,
  rolloutCommand,
  reportCommand,
  mergeCommand,
  listCommand,
  verifyCommand,
  viewCommand,
  playgroundCommand,
  ablateCommand,
  smokeCommand,
  traceCommand,
  tasksCommand,
  agentsCommand,
  checkAgentCommand,
  checkTaskCommand,
  benchCommand,
  doctorCommand,
  completionCommand,
];

export function program(): Command {
  const harness = new Command('harness')
    .description(
      'Benchmark harness for online reinforcement learning with flow, diffusion and classical policies on MuJoCo control tasks.',
    )
    .version(packageVersion())
    .option('--debug', 'show stack traces')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`${painted(oneLine(text), coloursOf(process.stderr))}\n`),
    })
    // Commander takes the colours away again where the terminal has none.
    .configureHelp({ styleTitle: coloursOf({ isTTY: true }, {}).bold })
    .addHelpText(
      'after',
      `
Examples:
  harness compare --quick                         a tiny but real comparison, a few minutes
  harness compare --agents rfm-flow,sac --tasks walker-walk --seeds 3 --steps 50k
  harness compare --agents sac,./my-agent.ts      your own agent against a baseline

Exit codes: 0 done, 1 a run failed, 2 wrong use, 130 interrupted.`,
    );
  for (const command of commands) harness.addCommand(inherit(command(), harness));
  return harness;
}

/** Commander's message, with its suggestion, as one line. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, 'harness: ')
    .replace(/\s*\n\(Did you mean (.*)\?\)$/s, "; did you mean '$1'?")
    .replaceAll(/\s*\n\s*/g, ' ');
}

/** Subcommands made elsewhere take over how errors and help are shown. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  if (!command.options.some((option) => option.long === '--debug')) {
    command.option('--debug', 'show stack traces');
  }
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** Runs one command line. @returns the exit code */
export async function main(argv: readonly string[] = process.argv): Promise<number> {
  const debug = argv.includes('--debug');
  const unexpected = (error: unknown) => leave(report(error, debug));
  process.stdout.on('error', endWithReader);
  process.stderr.on('error', ignore);
  writeFilesWhole();
  process
    .on('SIGXFSZ', ignore) // a write beyond the limit of file sizes fails with EFBIG
    .on('uncaughtException', unexpected)
    .on('unhandledRejection', unexpected)
    .on('beforeExit', endUnfinished)
    .on('exit', explainEnd);
  tuneWebAssembly();
  keepFilesOut();
  try {
    checkWorkingDirectory();
    await parse(argv);
    await new Promise(setImmediate); // an error of standard output comes a turn later
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    return report(error, debug);
  } finally {
    keepFilesOut(false);
    process.stdout.off('error', endWithReader);
    process.stderr.off('error', ignore);
    process
      .off('SIGXFSZ', ignore)
      .off('uncaughtException', unexpected)
      .off('unhandledRejection', unexpected)
      .off('beforeExit', endUnfinished)
      .off('exit', explainEnd);
  }
}

/** `help compar` is answered as `compar` is: commander would show the whole help. */
async function parse(argv: readonly string[]): Promise<void> {
  const harness = program();
  const [node, file, word, asked] = argv;
  const isKnown = asked === 'help' || harness.commands.some((command) => command.name() === asked);
  const isMisspelt = word === 'help' && asked !== undefined && !asked.startsWith('-') && !isKnown;
  await harness.parseAsync(isMisspelt ? [node, file, asked] : [...argv]);
}

/** @throws UserError if the folder in which the command runs has been deleted */
function checkWorkingDirectory(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new UserError(
      `the working directory is not there any more (${(error as NodeJS.ErrnoException).code}); cd to another`,
    );
  }
}

const ignore = (): void => {};

/** A reader that closes the pipe early (`| head`) is no fault, and a terminal that is gone no reason to end at once. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EIO') return;
  if (error.code !== 'EPIPE') {
    try {
      writeSync(2, `harness: cannot write to standard output: ${diskReason(error) ?? error.message}\n`);
    } catch {
      // nobody listens
    }
  }
  leave(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
}

/** Where standard output is a file, Node.js takes a write that a full disk cuts short for a whole one. */
function writeFilesWhole(): void {
  try {
    if (!fstatSync(1).isFile()) return;
  } catch {
    return; // closed
  }
  process.stdout._write = (chunk, _encoding, done) => {
    try {
      writeFully(1, chunk as Uint8Array | string);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

/** Ends the process before the command is done. */
function leave(code: number): never {
  process.off('exit', explainEnd);
  endProcess(code);
}

/** Nothing is left to wait for: ends before Node.js adds a warning about its own. */
function endUnfinished(): void {
  explainEnd();
  leave(exitCodes.failed);
}

/** The process ends, but the command is not done: never without a word, and never as a success. */
function explainEnd(): void {
  const waits = unanswered();
  const what =
    waits.length > 0
      ? `${printableLine(waits.join(', '))} never returned (a promise that never settles)`
      : 'ended before its work was done, perhaps by a plugin (a promise that never settles?)';
  try {
    writeSync(2, `harness: ${what}\n`);
  } catch {
    // nobody listens
  }
  process.exitCode = exitCodes.failed;
}

/** Characters of a message that says nothing to users. */
const LONGEST_MESSAGE = 8000;

/** Says what went wrong, as shortly as it deserves. */
function report(error: unknown, debug: boolean): number {
  if (error instanceof Exit) return error.code;
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
  const is = (kind: 'userFacing' | 'plain') => (error as { [kind]?: unknown } | null)?.[kind] === true;
  const userFacing = is('userFacing');
  const message = messageOf(error);
  const say = (text: string) => process.stderr.write(`${painted(text, coloursOf(process.stderr))}\n`);
  if (debug) say(inspect(error));
  else if (userFacing || is('plain')) say(`harness: ${printableLine(message)}`);
  else
    say(
      `harness: ${printable(message.slice(0, LONGEST_MESSAGE))}\n(a fault of the harness or of a plugin; --debug shows where)`,
    );
  return userFacing ? exitCodes.wrongUse : exitCodes.failed;
}
