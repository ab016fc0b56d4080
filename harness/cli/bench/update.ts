/** `harness bench update`: how fast the agents learn and act on this machine. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Preset } from '../../../agents/agent.ts';
import type { BackendName } from '../../../engine/backends/records.ts';
import type { UpdateSpeed } from '../../bench/update.ts';
import { parseCount } from '../../text/quantity.ts';
import { backendOption } from '../backend-option.ts';

interface BenchUpdateFlags {
  readonly preset?: string[];
  readonly backend?: BackendName;
  readonly threads?: string[];
  readonly spin?: boolean;
  readonly rounds: string;
  readonly seconds: number;
  readonly profile?: string | true;
  readonly dumpGraph?: string;
  readonly debugNumerics?: boolean;
  readonly json?: boolean;
}

export function benchUpdateCommand(): Command {
  return new Command('update')
    .description('measure updates per second of each agent at each preset, and the time of one action')
    .argument('[agents...]', 'names or files (default: all that learn)')
    .addOption(new Option('--preset <names...>', 'presets to measure').choices(['paper', 'laptop', 'smoke']))
    .addOption(backendOption())
    .option(
      '--threads <counts...>',
      'threads of the engine, one measurement each (default: 1, and all cores)',
    )
    .option('--spin', 'threads wait by spinning: for a machine with nothing else to do')
    .option('--rounds <count>', 'repetitions, of which the median counts', '5')
    .option('--seconds <S>', 'seconds per repetition', positive, 1)
    .option('--profile [folder]', 'the time per operation; keeps the profiles in the folder')
    .option('--dump-graph <folder>', 'writes the graphs as .onnx files (Netron shows them)')
    .option(
      '--debug-numerics',
      'with --backend eager: stop at the first operation that makes a NaN or infinity',
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Transitions are made up: 24 observations and 6 actions, 5 and 1 for smoke. The rate is the median of the rounds;
'cpu' is the processor time of one update, which other processes disturb less than they do the clock; 'first' is the
time from making the agent to the end of its first update, graphs compiled, and for the first agent also from the start
of the process.

Examples:
  harness bench update
  harness bench update rfm-flow sac --preset laptop --threads 1 --json
  harness bench update rfm-flow --preset paper --profile
  harness bench update ./my-agent.ts --backend eager --debug-numerics --rounds 1`,
    )
    .action(async (names: string[], flags: BenchUpdateFlags) => {
      const { defaultBackend } = await import('../../../engine/default-backend.ts');
      const { benchUpdates } = await import('../../bench/update.ts');
      const { builtInAgents } = await import('../../../agents/registry.ts');
      const folder = flags.profile === true ? await temporaryFolder() : flags.profile;
      const threads = flags.threads?.map((count) => parseCount(count, '--threads', 1, 256));
      const report = (speed: UpdateSpeed) => {
        if (flags.json) return;
        console.log(line(speed));
        for (const { graph, backend, reason } of speed.elsewhere ?? [])
          console.log(`    '${graph}' ran on the backend ${backend}: ${reason}`);
        for (const { operation, nodes, microseconds } of speed.operations ?? []) {
          console.log(
            `    ${operation.padEnd(24)} ${microseconds.toFixed(0).padStart(8)} µs in ${nodes} nodes`,
          );
        }
      };
      const speeds = await benchUpdates(
        {
          agents: names.length === 0 ? builtInAgents.map((agent) => agent.name) : names,
          presets: (flags.preset ?? ['paper', 'laptop', 'smoke']) as Preset[],
          backend: flags.backend ?? defaultBackend(),
          threads: threads ?? [...new Set([1, availableParallelism()])],
          spin: flags.spin,
          rounds: parseCount(flags.rounds, '--rounds', 1, 1000),
          seconds: flags.seconds,
          profileFolder: folder,
          graphFolder: flags.dumpGraph,
          debugNumerics: flags.debugNumerics,
        },
        report,
      );
      if (flags.json) console.log(JSON.stringify(speeds, null, 2));
    });
}

function line(speed: UpdateSpeed): string {
  const { agent, preset, backend, threads, updatesPerSecond: rate } = speed;
  const digits = (value: number) => value.toFixed(value < 100 ? 1 : 0);
  return [
    agent.padEnd(14),
    preset.padEnd(7),
    backend,
    `${threads} thread${threads === 1 ? ' ' : 's'}`,
    `${digits(rate.median).padStart(7)} updates/s (${digits(rate.lowest)} - ${digits(rate.highest)})`,
    `cpu ${speed.cpuMillisecondsPerUpdate.toFixed(2)} ms`,
    speed.actMilliseconds === undefined ? '' : `act ${speed.actMilliseconds.toFixed(3)} ms`,
    `first ${speed.firstUpdateMilliseconds.toFixed(0)} ms`,
    speed.startMilliseconds === undefined ? '' : `(${speed.startMilliseconds.toFixed(0)} ms after start)`,
  ]
    .filter((part) => part !== '')
    .join('  ');
}

async function temporaryFolder(): Promise<string> {
  const { mkdtempSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  return mkdtempSync(join(tmpdir(), 'harness-profile-'));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError(`'${text}' is no number above 0`);
  }
  return value;
}
