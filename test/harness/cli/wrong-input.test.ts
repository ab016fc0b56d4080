import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';
import { builtCommand as command } from '../support/command.ts';

const files: Record<string, string> = {
  'broken.ts': 'export default {{ name: ',
  'empty.ts': 'export const nothing = 1;\n',
  'no-create.ts': agentFile().replace('async create(context)', 'async make(context)'),
  'bad-name.ts': agentFile({ name: '<script>alert(1)</script>' }),
  'no-preset.ts': agentFile({ presets: '{ paper: small, laptop: small }' }),
  'bad-preset.ts': agentFile({ presets: '{ paper: small, laptop: small, smoke: { ...small, rate: -1 } }' }),
  'bad-constants.ts': agentFile().replace('  config,', "  config, constants: { edge: 'sharp' },"),
  'vast-batch.ts': agentFile().replace('batchSize: 8', 'batchSize: 1e12'),
  'throws.ts': "throw new Error('not today');\n",
  'good.ts': agentFile(),
  'no-range.mjs': taskFile({ motor: '<motor name="push" joint="slide"/>' }),
  'vast-observation.mjs': taskFile({ observed: '1e39 * (2 + Math.sin(physics.qpos[0]))' }),
  'numeric-end.mjs': taskFile({ more: 'terminates: (physics) => Number(physics.qpos[0] > 9),' }),
  'no-mesh.mjs': taskFile({ asset: '<mesh name="cube" file="cube.obj"/>' }),
  'malformed.yaml': 'agents: [sac, random\ntasks: x\n',
  'unknown-key.yaml': 'agnets: sac\n',
  'wrong-type.yaml': 'seeds: { a: 1 }\n',
  'wrong-agents.yaml': 'agents: 3\n',
  'unknown-entry-key.yaml': 'agents: [{ agent: random, nmae: x }]\n',
  'alias.yaml': 'agents: *nowhere\n',
  'two-documents.yaml': 'agents: sac\n---\nagents: random\n',
  'no-mixture.json': '{"mixtures":{}}',
  'mixture.json': '{"dim":1,"weights":[1],"means":[[0]],"covariances":[[[1]]]}',
  'results/taken/manifest.json': '{"format":"rfm-harness-results/1"}',
  'results/taken/scores.csv': 'task,agent,seed,score\n',
  'empty.yaml': '# to be written\n',
  'list.yaml': '- sac\n',
  'dotted.yaml': 'agents: sac\nset: { sac.tau: 0.1 }\n',
  'no-map.yaml': 'agents: sac\nset: 3\n',
  'starts.yaml': 'agents: sac\nevaluationStarts: often\n',
  'results/foreign/thesis.txt': 'years of work',
  file: 'not a folder',
};

interface TaskParts {
  readonly motor?: string;
  readonly asset?: string;
  readonly observed?: string;
  readonly more?: string;
}

/** A task of one's own: a ball on a rail. */
function taskFile({
  motor = '<motor joint="slide" ctrllimited="true" ctrlrange="-1 1"/>',
  asset = '',
  observed = 'physics.qpos',
  more = '',
}: TaskParts): string {
  const model = `<mujoco><asset>${asset}</asset><worldbody><body><joint name="slide" type="slide"/><geom size=".1"/></body></worldbody><actuator>${motor}</actuator></mujoco>`;
  return `import { defineTask } from 'rfm-harness';
export default defineTask('ball-roll', { model: '${model}', timeLimit: 1, ${more}
  observe(physics, observation) { observation.add('raw', ${observed}); }, reward: () => 0 });`;
}

/** Command words → what the one line must say. */
const cases: [string, RegExp][] = [
  ['compar', /unknown command 'compar'; did you mean 'compare'\?/],
  ['help compar', /unknown command 'compar'; did you mean 'compare'\?/],
  ['compare --agent sac', /unknown option '--agent'; did you mean '--agents'\?/],
  ['compare --agents rfm', /unknown agent 'rfm'; did you mean 'rfm-flow' or 'rfm-diffusion'\?/],
  ['compare --agents sax', /unknown agent 'sax'; did you mean 'sac'\?/],
  [
    'compare --agents random --tasks cartpole-balanse',
    /unknown task or suite 'cartpole-balanse'; did you mean 'cartpole-balance'\?/,
  ],
  [
    'compare --agents random --tasks ./no-range.mjs',
    /ball-roll: actuator 'push' is in \[-Infinity, Infinity\].* give the actuator ctrllimited="true" and a ctrlrange$/m,
  ],
  [
    'compare --agents sac --tasks ./vast-observation.mjs',
    /ball-roll: observation 'raw' is .* beyond float32/,
  ],
  [
    'train random ./numeric-end.mjs',
    /ball-roll: terminates\(\) returned 0 at step 1; expected true or false/,
  ],
  [
    'compare --agents random --tasks ./no-mesh.mjs',
    /Error opening file 'cube\.obj'; no model file 'cube\.obj' beside .*no-mesh\.mjs or in assets\//,
  ],
  ['compare --agents random --tasks rfm9', /unknown task or suite 'rfm9'; did you mean 'rfm8'\?/],
  ['compare --agents random --preset labtop', /unknown preset 'labtop'; did you mean 'laptop'\?/],
  [
    'compare --agents sac --set sac.batchsize=3',
    /unknown key of sac 'batchsize'; did you mean 'batchSize'\?/,
  ],
  ['compare --agents sac --set sca.batchSize=3', /unknown agent in --set 'sca'; did you mean 'sac'\?/],
  ['compare --agents sac --set sac.batchSize=-3', /agent 'sac': sac\.batchSize: must be above 0, found -3/],
  ['compare --agents sac --set sac.tau=2', /agent 'sac': sac\.tau: must be at most 1, found 2/],
  ['compare --agents sac --set sac.batchSize=many', /sac\.batchSize: expected a number, found "many"/],
  ['compare --agents sac --set batchSize', /--set expects AGENT\.key=value, found 'batchSize'/],
  ['compare --agents random --steps -5', /--steps must lie between 1 and 10G, found -5/],
  [
    'compare --agents random --steps 30x',
    /--steps must be a whole number such as 300, 30k or 1\.5M, found '30x'/,
  ],
  ['compare --agents random --steps 1e30', /--steps must lie between/],
  ['compare --agents random --seeds 0', /--seeds must lie between 1/],
  ['compare --agents random --seeds 5..3', /--seeds 5\.\.3: 5\.\.3 ends before it begins/],
  ['compare --agents random --seeds 0-4', /--seeds 0-4: write 0\.\.4 for a range, or a list: 0,1,2/],
  ['compare --agents random --seeds 1,2,1', /--seeds names 1 twice/],
  ['compare --agents random --evaluation-episodes 0', /--evaluation-episodes must lie between 1/],
  ['compare --agents random --workers nine', /--workers must be a whole number/],
  ['compare --agents random --threads -1', /--threads must lie between 1/],
  ['compare --agents random --checkpoint-seconds soon', /--checkpoint-seconds must be a positive number/],
  ['compare --agents random,random', /agent 'random' is listed twice/],
  ['compare --agents random --backend cuda', /'cuda' is invalid.*wasm, onnx, eager/],
  ['compare --config nowhere.yaml', /cannot read nowhere\.yaml: no such file/],
  ['compare --config empty.yaml', /empty\.yaml holds no settings/],
  ['compare --config list.yaml', /list\.yaml: expected settings such as 'agents: \[sac\]', found a list/],
  ['compare --config latin.yaml', /latin\.yaml is no text in UTF-8/],
  ['compare --config results', /cannot read results: it is a folder/],
  ['compare --config dotted.yaml', /dotted\.yaml: set\.sac\.tau: write set: { sac: { tau: 0\.1 } }/],
  ['compare --config no-map.yaml', /no-map\.yaml: set: expected agents with keys and values/],
  ['compare --config starts.yaml', /starts\.yaml: evaluationStarts: expected one of fixed, fresh/],
  ['compare --config malformed.yaml', /malformed\.yaml is not valid YAML: .*line 2/],
  ['compare --config unknown-key.yaml', /unknown-key\.yaml: unknown key 'agnets'; did you mean 'agents'\?/],
  ['compare --config wrong-type.yaml', /wrong-type\.yaml: seeds: expected a number, a list or a range/],
  ['compare --config wrong-agents.yaml', /wrong-agents\.yaml: agents: expected a list of names, files and/],
  ['compare --config unknown-entry-key.yaml', /agents\.0: unknown key 'nmae'; did you mean 'name'\?/],
  ['compare --config alias.yaml', /alias\.yaml is not valid YAML: .*nowhere/],
  ['compare --config two-documents.yaml', /two-documents\.yaml: one document expected, found several/],
  ['compare --agents random --set __proto__.x=1', /unknown agent in --set '__proto__'/],
  [
    'compare --agents random --set random.__proto__=1',
    /'__proto__'; known: batchSize, randomSteps, updatesPerStep, replayCapacity\n/,
  ],
  ['compare --agents random --dry-run --checkpoint-seconds -1', /--checkpoint-seconds must be a positive/],
  ['compare --agents random --dry-run --stall-seconds x', /--stall-seconds must be a positive/],
  ['ablate variance --out ./file', /cannot write .*file: a part of the path is a file/],
  ['ablate toy --out ./file', /cannot write .*file: a part of the path is a file/],
  ['ablate variance --problem no-mixture.json', /no-mixture\.json: 'mixtures' holds no mixture/],
  ['ablate variance --problem mixture.json --particles 1e9', /'1e9' is no whole number from 1 to 1,000,000/],
  [
    'compare --agents random --out taken',
    /results\/taken exists; --resume goes on with it, --force replaces it/,
  ],
  ['compare --agents random --out taken --dry-run', /results\/taken exists; --resume goes on with it/],
  ['compare --agents random --out foreign --force', /results\/foreign exists and holds no results/],
  ['compare --agents random --out ./file', /cannot use .*file as results folder: it is a file/],
  ['compare --agents random --out ./file/below', /cannot write .*a part of the path is a file/],
  ['compare --agents random --out /proc/nowhere', /cannot (write|use) \/proc\/nowhere/],
  [
    'compare --agents random --out a --emit slurm --dry-run',
    /--emit and --dry-run do not go together: --emit prints, and runs nothing/,
  ],
  ['compare --resume', /--resume needs --out/],
  ['compare --resume results/taken', /found 'results\/taken'; did you mean --out results\/taken\?/],
  ['compare sac walker-walk', /compare takes options alone, found 'sac'; agents are --agents, tasks --tasks/],
  ['compare --agents random --accept-changes', /--accept-changes needs --resume/],
  ['train random pendulum-swingup --accept-changes', /--accept-changes needs --resume/],
  ['compare --agents random --redis redis://lab', /--redis needs --executor bullmq/],
  ['compare --agents random --redis redis://lab --dry-run', /--redis needs --executor bullmq/],
  ['report taken --resamples 10', /--resamples needs --interval rliable/],
  ['report taken --interval student_t --seed 3', /--seed needs --interval rliable/],
  ['report taken/scores.csv', /is a file; scores are of harness report --scores .*scores\.csv/],
  [
    'compare --agents random --out results/taken/inner',
    /lies inside the comparison .*results\/taken; choose another/,
  ],
  [
    'compare --agents random --out results/taken/a/b --dry-run',
    /lies inside the comparison .*results\/taken;/,
  ],
  ['merge taken --out results/taken/inner', /lies inside the comparison .*results\/taken;/],
  ['list nosuch', /cannot find nosuch; 'harness list' lists what is under results\//],
  ['list file', /file is a file; expected a folder/],
  [
    'ablate eta --agent sac',
    /'eta' varies 'estimator', which sac does not have; --agent is one of rfm-flow, rfm-diffusion, or a file/,
  ],
  ['eval taken --seed -1', /--seed must lie between 0 and 9007199254740991, found -1/],
  ['compare --agents random --out=', /--out is empty/],
  ['compare --resume --out nowhere', /nothing to resume in .*results\/nowhere/],
  ['compare --resume --force --out a', /choose one/],
  ['compare --agents ./nowhere.ts', /cannot find the file \.\/nowhere\.ts/],
  ['compare --agents ./broken.ts', /\.\/broken\.ts does not parse: /],
  ['compare --agents ./throws.ts', /\.\/throws\.ts fails to load: not today \(line \d+\)/],
  ['compare --agents ./empty.ts', /\.\/empty\.ts has no default export/],
  ['compare --agents ./no-create.ts', /\.\/no-create\.ts: create must be a function/],
  ['compare --agents ./no-preset.ts', /\.\/no-preset\.ts: presets must have 'smoke'/],
  ['compare --agents ./bad-preset.ts', /\.\/bad-preset\.ts: presets\.smoke\.rate: /],
  ['agents ./bad-constants.ts', /\.\/bad-constants\.ts: constants must be an object of numbers/],
  [
    'compare --agents ./vast-batch.ts',
    /vast-batch\.ts: presets\.paper: batchSize must be a whole number from 1 to 16777216, found 1000000000000/,
  ],
  [
    'compare --agents sac --set sac.batchSize=1e12',
    /agent 'sac': sac\.batchSize must be a whole number from 1 to 16777216, found 1000000000000/,
  ],
  ['compare --agents ./bad-name.ts', /\.\/bad-name\.ts: name must match/],
  ['compare --agents random --tasks ./broken.ts', /\.\/broken\.ts does not parse: /],
  ['compare --agents random --tasks ./good.ts', /\.\/good\.ts: the default export must be a domain/],
  ['train sac', /missing required argument 'task'/],
  ['train walker-walk sac --seed 3', /the agent comes first: harness train sac walker-walk$/m],
  ['train sac easy --steps 10', /train takes one task/],
  ['train random cartpole-balance --seed -1', /--seed must lie between 0/],
  ['eval results/nowhere', /cannot find results\/nowhere/],
  ['eval results/foreign', /results\/foreign holds no checkpoint/],
  [
    'rollout --agent random --task cartpole-balance --out x.pdf',
    /--out x\.pdf: expected a name that ends in \.csv or \.json/,
  ],
  ['rollout', /give a checkpoint, or --agent and --task/],
  ['rollout mine --preset paper', /the checkpoint of mine has its own preset: omit --preset/],
  ['report --scores ok.csv --until 5', /--until needs a directory of results: scores have no steps/],
  ['check-agent ./broken.ts', /\.\/broken\.ts does not parse: /],
  ['agents sacc', /unknown agent 'sacc'; did you mean 'sac'\?/],
  ['smoke sac --tasks walker-wakl', /unknown task or suite 'walker-wakl'; did you mean 'walker-walk'\?/],
];

describe('wrong input gets one clear line and exit code 2', () => {
  let folder: string;
  beforeAll(async () => {
    folder = workplace(files);
    writeFileSync(join(folder, 'latin.yaml'), Buffer.from('agents: caf\xe9\n', 'latin1'));
    await command(folder, 'compare', '--agents', 'none'); // loads the engine once, outside of any test's time
  });

  it.each(cases)('harness %s', async (words, line) => {
    const { code, stderr, stdout } = await command(folder, ...words.split(' '));
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^harness: /);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('--debug shows where it came from', async () => {
    const { code, stderr } = await command(folder, 'compare', '--agents', 'sax', '--debug');
    expect(code).toBe(2);
    expect(stderr).toMatch(/\n\s+at /);
  });

  it.each([['compare', '--quick'], ['report', 'results'], ['tasks']])(
    'harness %s in a folder that has been deleted',
    (...words) => {
      const gone = workplace();
      const bin = fileURLToPath(new URL('../../../bin/harness.js', import.meta.url));
      const script = 'cd "$0" && rmdir "$0" && exec "$@"';
      const { status, stderr } = spawnSync('sh', ['-c', script, gone, process.execPath, bin, ...words], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('harness: the working directory is not there any more (ENOENT); cd to another\n');
      expect(status).toBe(2);
    },
  );

  it('an unreadable manifest is named', async () => {
    mkdirSync(join(folder, 'results/torn'), { recursive: true });
    writeFileSync(join(folder, 'results/torn/manifest.json'), '{"format": ');
    const { code, stderr } = await command(folder, 'compare', '--resume', '--out', 'torn');
    expect(code).toBe(2);
    expect(stderr).toMatch(/manifest\.json is not readable JSON/);
  });
});
