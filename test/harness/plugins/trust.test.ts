import { existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkFiles, filesOf } from '../../../harness/plan/known-files.ts';
import type { ComparisonPlan } from '../../../harness/plan/plan.ts';
import { checksumOf } from '../../../harness/plugins/source.ts';
import { recordFiles, trusted } from '../../../harness/plugins/trust.ts';
import { workplace } from '../../e2e/support/command.ts';
import { builtCommand as command } from '../support/command.ts';

const folder = workplace();
const file = join(folder, 'mine.ts');
let state: string;
const source = () => ({ name: 'mine', file, sha256: checksumOf(file) });
const load = (recorded: object = {}) =>
  trusted({ ...source(), ...recorded }, 'the checkpoint of X', (path) => `--agent ${path} loads it`);

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'state-'));
  process.env.XDG_STATE_HOME = state;
  writeFileSync(file, 'export default 1;');
});

describe("a user's file that a results folder names", () => {
  const line = `the checkpoint of X names ${file}, which no comparison of yours has recorded as it is; --agent ${file} loads it`;

  it('is loaded if a comparison of this user recorded it as it is, and only then', () => {
    expect(() => load()).toThrow(line);
    recordFiles([source()], expect.fail);
    expect(load()).toEqual(source());
    writeFileSync(file, 'export default 2;');
    expect(() => load()).toThrow(line);
    writeFileSync(file, 'export default 1;');
    expect(load().name).toBe('mine');
  });

  it('is not loaded because the folder says that it was recorded', () => {
    expect(() => load({ sha256: undefined })).toThrow(line);
    const other = { ...source(), file: join(folder, 'other.ts') };
    writeFileSync(other.file, 'export default 1;');
    recordFiles([other], expect.fail); // the same text elsewhere
    expect(() => load()).toThrow(line);
  });

  it('is not loaded in another version than the run was made with', () => {
    const before = source();
    writeFileSync(file, 'export default 2;');
    recordFiles([source()], expect.fail);
    expect(() => load({ sha256: before.sha256 })).toThrow(
      `names ${file}, which is not the same as then; --agent`,
    );
  });

  it('is recorded in the state folder of the user, for nobody else to read', () => {
    recordFiles([source(), { name: 'sac' }], expect.fail);
    const record = join(state, 'rfm-harness/loaded-files');
    expect(statSync(record).mode & 0o777).toBe(0o700);
    expect(readdirSync(record)).toHaveLength(1);
  });

  it('says so where nothing can be recorded', () => {
    process.env.XDG_STATE_HOME = join(file, 'below-a-file');
    const notes: string[] = [];
    recordFiles([source()], (text) => notes.push(text));
    expect(notes).toEqual([
      expect.stringMatching(/mine\.ts is not recorded as yours, and must be named again/),
    ]);
  });
});

describe('a plan from a results folder', () => {
  const plan = (): ComparisonPlan => ({
    agents: [
      { label: 'sac', source: { name: 'sac' }, preset: 'smoke', config: {} },
      { label: 'mine', source: source(), preset: 'smoke', config: {} },
    ],
    tasks: [{ name: 'cartpole-balance' }],
    seeds: [0],
    steps: 10,
    evaluation: { every: 10, episodes: 1, starts: 'fixed' },
    logEvery: 5,
    backend: 'onnx',
    threads: 1,
  });
  const check = (named: readonly string[] = [], acceptChanges = false) =>
    checkFiles(plan(), 'results/x', { named, acceptChanges });

  it('may use files that the user names, or has used', () => {
    expect(() => check()).toThrow(
      `results/x names ${file}, which no comparison of yours has recorded; to load it all the same, name it too, with --agents or --tasks`,
    );
    expect(() => check([], true)).toThrow('which no comparison of yours has recorded');
    check([file]);
    recordFiles([source()], expect.fail);
    check();
    writeFileSync(file, 'export default 2;');
    expect(() => check()).toThrow(`results/x cannot go on as it began: ${file} is not the same as before`);
    check([], true);
  });

  it('is named by lists, files and variants alike', () => {
    expect(filesOf({ agents: `sac,${file}`, tasks: [join(folder, 'a.ts'), 'walker-walk'] })).toEqual([
      file,
      join(folder, 'a.ts'),
    ]);
    expect(filesOf({ agents: [{ agent: file, name: 'a' }, 'sac'] })).toEqual([file]);
    expect(filesOf({})).toEqual([]);
  });
});

describe('code that comes with data', () => {
  const marker = join(folder, 'ran');
  const bait = workplace({
    'bait.cjs': `require('fs').writeFileSync('${marker}', ''); Math.sqrt = () => 7; module.exports = 1;`,
  });

  it('is not run by the task of a trace', async () => {
    const trace = { task: join(bait, 'bait.cjs'), seeds: [] };
    writeFileSync(join(bait, 'trace.json'), JSON.stringify(trace));
    const { code, stderr } = await command(bait, 'trace', '--teacher-forced', 'trace.json');
    expect(stderr).toMatch(
      /^harness: trace\.json names the file .*bait\.cjs; to load it, name it too: --task .*\n$/,
    );
    expect(code).toBe(2);
    expect(existsSync(marker)).toBe(false);
  });

  it('is not run in the process of the command, even where the command means to', async () => {
    const { stderr } = await command(bait, 'agents', './bait.cjs');
    expect(stderr).toContain('bait.cjs: the default export is a number; expected an AgentFactory object');
    expect(existsSync(marker)).toBe(true); // in a process of its own
    expect(Math.sqrt(4)).toBe(2);
  });
});
