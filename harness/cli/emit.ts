/** `harness compare --emit`: the shards of a comparison as jobs of an engine that is there already. */
import { type ComparisonPlan, jobsOf } from '../plan/plan.ts';
import { UserError } from '../text/errors.ts';
import { shellWord } from '../text/shell-word.ts';

export interface EmitRequest {
  readonly plan: ComparisonPlan;
  /** The comparison, as --out names it. */
  readonly name: string;
  /** The words of the command as it was called, after `harness`. */
  readonly words: readonly string[];
  /** Parts; undefined for one a run, as far as engines allow. */
  readonly shards?: number;
  /** Folder in which the command runs. */
  readonly folder: string;
  /** The command's own file. */
  readonly program: string;
}

/** Most tasks of a job array with Slurm's default MaxArraySize, and most jobs of a matrix. */
const MOST = { slurm: 1000, github: 256 } as const;

export type Engine = keyof typeof MOST;
export const engines = Object.keys(MOST) as Engine[];

/** @returns a script or a workflow, for standard output */
export function emit(engine: Engine, request: EmitRequest): string {
  const { length } = jobsOf(request.plan);
  const shards = request.shards ?? Math.min(length, MOST[engine]);
  if (shards > length)
    throw new UserError(`--shards ${shards}: there are ${length} runs, so at most ${length} shards`);
  if (shards > MOST[engine])
    throw new UserError(`--shards ${shards}: ${engine} takes at most ${MOST[engine]}`);
  return { slurm: slurmScript, github: githubWorkflow }[engine](request, shards);
}

/** Options that the script has itself. @see compareWords */
const OWN = ['--emit', '--shards', '--out', '--backend', '--threads', '--workers'];
const OWN_FLAGS = ['--resume', '--json'];

/** The words without what the script says itself, and with what another machine would decide otherwise. */
function compareWords({ words, plan }: EmitRequest): string {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (OWN.includes(words[i])) i++;
    else if (!OWN_FLAGS.includes(words[i]) && !OWN.some((option) => words[i].startsWith(`${option}=`)))
      kept.push(words[i]);
  }
  return [...kept.map(shellWord), '--backend', plan.backend, '--threads', plan.threads].join(' ');
}

/**
 * What joins the shards, and then makes the report beside other results, where there are any: by then `--resume` has
 * nothing left to train.
 */
function joinCommands(request: EmitRequest, shards: string): string[] {
  const { name, words } = request;
  const out = shellWord(name);
  const isBeside = words.some((word) => /^--against(=|$)/.test(word));
  return [
    `merge ${shards}/* --out ${out}`,
    ...(isBeside ? [`${compareWords(request)} --resume --out ${out}`] : []),
  ];
}

/**
 * Called by bash it hands itself to sbatch, and the merge after it; as a job it carries out its shard. `--resume` makes a
 * job that is requeued go on, and lets the first one begin. The program is named by its file, as npx passes no signals on.
 */
function slurmScript(request: EmitRequest, shards: number): string {
  const { name, folder, plan, program } = request;
  const out = shellWord(name);
  // A shell reads it once more.
  const join = joinCommands(request, `results/${out}-shards`)
    .map((words) => `"$command"${shellWord(words)}`)
    .join("' && '");
  const job = shellWord(`harness-${name.replace(/[^\w.-]+/g, '-')}`);
  return `#!/bin/bash
# ${shards} shards of a comparison as a job array, and a job that joins them. Submit both with: bash THIS-FILE
# Written by harness compare --emit slurm. Add what your cluster asks for: --partition, --account, --time, --mem.
#SBATCH --job-name=${job}
#SBATCH --array=1-${shards}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=${plan.threads}
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
set -euo pipefail
harness=(node ${shellWord(program)})
if [ -n "\${HARNESS:-}" ]; then read -ra harness <<< "$HARNESS"; fi

if [ -z "\${SLURM_JOB_ID:-}" ]; then
  job=$(sbatch --parsable "$0")
  printf -v command '%q ' "\${harness[@]}"
  sbatch --dependency="afterany:\${job%%;*}" --job-name=${job}-merge --chdir=${shellWord(folder)} --wrap \\
    ${join}
  exit
fi

cd ${shellWord(folder)}
shard=$SLURM_ARRAY_TASK_ID
stop() {
  kill -TERM "$run"
  wait "$run" || true
}
# Two minutes before its time limit it writes checkpoints and queues itself again; cancelled or preempted, it writes them.
trap 'stop; scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$shard"; exit 0' USR1
trap 'stop; exit 130' TERM
"\${harness[@]}" ${compareWords(request)} \\
  --shard "$shard/${shards}" --out results/${out}-shards/"$shard" --resume --workers 1 --quiet &
run=$!
wait "$run"
`;
}

/** A matrix of jobs, each with a shard, and a job that joins them. */
function githubWorkflow(request: EmitRequest, shards: number): string {
  const numbers = Array.from({ length: shards }, (_, i) => i + 1).join(', ');
  const { name } = request;
  // In quotes, as a value may hold what YAML reads otherwise.
  const run = (words: string) => `- run: ${JSON.stringify(`npx harness ${words}`)}`;
  const shard = `--shard \${{ matrix.shard }}/${shards} --out results/shards/\${{ matrix.shard }}`;
  const joins = joinCommands(request, 'results/shards');
  return `# ${shards} shards of a comparison as a matrix, and a job that joins them. Written by harness compare --emit github.
name: ${JSON.stringify(name)}
on: workflow_dispatch
jobs:
  shard:
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix:
        shard: [${numbers}]
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }
      - run: npm ci
      ${run(`${compareWords(request)} ${shard}`)}
      - uses: actions/upload-artifact@v4
        with:
          name: shard-\${{ matrix.shard }}
          path: results/shards
  merge:
    needs: shard
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }
      - run: npm ci
      - uses: actions/download-artifact@v4
        with: { path: results/shards, pattern: shard-*, merge-multiple: true }
      ${joins.map(run).join('\n      ')}
      - uses: actions/upload-artifact@v4
        with:
          name: ${JSON.stringify(name.replace(/[^\w.-]+/g, '-'))}
          path: ${JSON.stringify(`results/${name}`)}
`;
}
