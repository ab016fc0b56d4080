import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assemble } from '../../../harness/run/assemble.ts';
import { CheckpointStore } from '../../../harness/run/checkpoint.ts';
import { run } from '../../../harness/run/loop.ts';
import { messageOf, printableLine } from '../../../harness/text/printable.ts';
import { agentFile } from '../support/agent-files.ts';

/** What is wrong with each agent, and the reason that its run must give. */
const faulty: Record<string, { file: string; reason: RegExp }> = {
  bounds: {
    file: agentFile({
      name: 'bounds',
      act: 'return new Float32Array(count * context.action.size).fill(1.5);',
    }),
    reason: /agent 'bounds' .*act\(\) returned an action outside its bounds: 1\.5/,
  },
  shape: {
    file: agentFile({ name: 'shape', act: 'return new Float32Array(count * context.action.size + 1);' }),
    reason: /agent 'shape' .*act\(\) returned \d+ numbers for \d+ observation\(s\); expected \d+/,
  },
  list: {
    file: agentFile({ name: 'list', act: 'return [0] as never;' }),
    reason: /agent 'list' .*act\(\) returned an Array; expected a Float32Array/,
  },
  throwing: {
    file: agentFile({ name: 'throwing', update: "throw new Error('no more');" }),
    reason: /agent 'throwing' .*update\(\) threw: no more/,
  },
  loss: {
    file: agentFile({ name: 'loss', update: 'return { loss: 0 / 0 };' }),
    reason: /agent 'loss' .*update\(\) returned the metric 'loss' = NaN; expected a finite number/,
  },
  creation: {
    file: agentFile({ name: 'creation', create: "throw new Error('not born');" }),
    reason: /agent 'creation' .*create\(\) threw: not born/,
  },
  saving: {
    file: agentFile({ name: 'saving', save: 'return { arrays: { a: [1] }, values: {} } as never;' }),
    reason: /agent 'saving' .*save\(\) returned the array 'a' as an Array; expected/,
  },
  trapped: {
    file: agentFile({
      name: 'trapped',
      update: "throw new Proxy({}, { get() { throw new Error('trap'); } });",
    }),
    reason: /^agent 'trapped' .*: update\(\) threw: something that cannot be printed$/,
  },
  accessor: {
    file: agentFile({
      name: 'accessor',
      update: "return { get loss(): number { throw new Error('no'); } };",
    }),
    reason: /^agent 'accessor' .*: update\(\) threw: no( \(.*:\d+\))?$/,
  },
  // Names that a plain object has already, and columns that the table has.
  polluting: {
    file: agentFile({
      name: 'polluting',
      update: 'return JSON.parse(\'{"constructor":2,"toString":3,"__proto__":1}\');',
    }),
    reason:
      /^agent 'polluting' .*: update\(\) returned a metric called '__proto__'; expected another name for it$/,
  },
  talkative: {
    file: agentFile({ name: 'talkative', update: "throw new Error('so '.repeat(40_000));" }),
    reason: /^agent 'talkative' .{20,200}: update\(\) threw: (so )+.{0,3}… \(1\d{5} characters in all\)/,
  },
  bulky: {
    file: agentFile({ name: 'bulky', update: 'new Float32Array(2 ** 50); return {};' }),
    reason: /agent 'bulky' .*update\(\) threw: (Invalid typed array length|Array buffer allocation failed)/,
  },
  swollen: {
    file: agentFile({
      name: 'swollen',
      prelude: 'const hoard: ArrayBuffer[] = [];',
      update: 'for (;;) hoard.push(new ArrayBuffer(2 ** 44));',
    }),
    reason: /agent 'swollen' .*update\(\) threw: Array buffer allocation failed/,
  },
};

it.each(Object.entries(faulty))('a run says why %s failed', async (name, { file, reason }) => {
  const folder = mkdtempSync(join(tmpdir(), 'faulty-'));
  writeFileSync(join(folder, `${name}.ts`), file);
  const job = {
    identity: { task: 'cartpole-balance', agent: name, seed: 0 },
    agent: { name, file: join(folder, `${name}.ts`) },
    task: { name: 'cartpole-balance' },
    config: { batchSize: 8, randomSteps: 20, updatesPerStep: 1, replayCapacity: 120, rate: 0.1 },
    steps: 40,
    evaluation: { every: 40, episodes: 1, starts: 'fixed' as const },
    logEvery: 40,
    backend: 'wasm' as const,
    threads: 1,
  };
  const hooks = {
    ...{ yieldToEventLoop: () => undefined, stopRequested: () => false, checkpointDue: () => true },
    ...{ checkpointWritten: () => {}, progress: () => {}, rows: () => {}, note: () => {} },
  };
  const failure = assemble(job).then((parts) =>
    run({ ...parts, checkpoints: new CheckpointStore(join(folder, 'checkpoint')) }, hooks),
  );
  await expect(failure.catch((error) => printableLine(messageOf(error)))).resolves.toMatch(reason);
});
