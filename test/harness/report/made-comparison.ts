/** Comparison directories made up for tests of the report: smooth noisy curves, not results of anything. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { RandomStream } from '../../../engine/random.ts';

export interface Made {
  readonly tasks: readonly string[];
  readonly agents: readonly string[];
  readonly seeds: number;
  readonly evaluations: number;
  readonly episodes?: number;
  readonly manifest?: Record<string, unknown>;
}

/** Writes evaluations.csv, training.csv and, if given, manifest.json. */
export function makeComparison(directory: string, made: Made): void {
  mkdirSync(directory, { recursive: true });
  const root = RandomStream.fromSeed(11);
  const evaluations: (string | number)[][] = [
    ['task', 'agent', 'seed', 'step', 'episode', 'return', 'length', 'wall_seconds'],
  ];
  const training: (string | number)[][] = [['task', 'agent', 'seed', 'step', 'td_loss']];
  made.tasks.forEach((task, t) => {
    made.agents.forEach((agent, a) => {
      for (let seed = 0; seed < made.seeds; seed++) {
        const random = root.split(`${t}/${a}/${seed}`);
        const height = 350 + 90 * Math.sin(3 * t + a) + 60 * a + 160 * random.uniform();
        const speed = 1.5 + 5 * random.uniform();
        for (let e = 1; e <= made.evaluations; e++) {
          const share = e / made.evaluations;
          const step = e * 5000;
          for (let episode = 0; episode < (made.episodes ?? 2); episode++) {
            const noise = 40 * (random.uniform() - 0.5);
            const value = Math.max(0, Math.min(1000, 30 + height * (1 - Math.exp(-speed * share)) + noise));
            evaluations.push([task, agent, seed, step, episode, value, 1000, step / (90 + 10 * a)]);
          }
          training.push([task, agent, seed, step, random.uniform()]);
        }
      }
    });
  });
  writeFileSync(join(directory, 'evaluations.csv'), stringify(evaluations));
  writeFileSync(join(directory, 'training.csv'), stringify(training));
  if (made.manifest !== undefined) {
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(made.manifest));
  }
}

/** A manifest of the shape that comparisons write. */
export function madeManifest(
  name: string,
  runs: readonly Record<string, unknown>[] = [],
): Record<string, unknown> {
  return {
    name,
    command: ['harness', 'compare', '--tasks', 'eight', '--seeds', '5', '--out', name],
    config: { preset: 'laptop', steps: 100_000, agents: { sac: { batchSize: 128, discount: 0.99 } } },
    versions: { 'rfm-harness': '0.1.0', mujoco: '3.14.0', node: '20.20.2' },
    commit: '0123456789abcdef0123456789abcdef01234567',
    cpu: { model: 'Example CPU @ 2.5 GHz', cores: 2, memoryGiB: 8 },
    seeds: [0, 1, 2, 3, 4],
    startedAt: '2026-03-01T08:00:00.000Z',
    endedAt: '2026-03-01T11:24:00.000Z',
    runs,
  };
}

/** Names that break pages and files which do not take care. */
export const hostileNames: readonly string[] = [
  '<script>alert(1)</script>',
  '"quoted" \'agent\', with, commas',
  'line\nbreak\r\nagent',
  'x'.repeat(300),
  '</style><img src=x onerror=alert(2)>',
  '\u202ereversed\u0000nul',
  'naïve-\u65e5\u672c\u8a9e-\u{1f600}',
];
