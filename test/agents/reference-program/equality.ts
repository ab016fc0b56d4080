/** Holds an agent to the recorded cases of the official program, on every backend that this machine has. */
import { afterAll, describe, expect, it } from 'vitest';
import { algorithmOf } from '../../../bench/compare-reference/agents.ts';
import { createEngine } from '../../../engine/index.ts';
import { whyMissing } from '../../engine/present-backends.ts';
import { compareWithCase, recordedCases } from './cases.ts';

const backends = ['onnx', 'wasm', 'cpu', 'native'] as const;

/**
 * @param algorithm the program's name of it
 * @param quantities that must be among those compared, beside losses, gradient norms, actions and parameters
 */
export function expectTheProgramsNumbers(algorithm: string, quantities: readonly string[]): void {
  const always = [
    ...['explore/action', 'exploit/action', 'after/actor', 'after/critic'],
    ...['criticLoss', 'criticGradNorm', 'actorLoss', 'actorGradNorm'].map((name) => `expected/${name}`),
  ];
  describe.each(backends)('on %s', async (backend) => {
    const unavailable = await whyMissing(backend);
    const engine = unavailable === undefined ? createEngine({ backend }) : undefined;
    afterAll(() => engine?.dispose());

    it.each(recordedCases(algorithm))('$name', async ({ reference }) => {
      if (engine === undefined) return console.log(`skipped: ${unavailable}`);
      const { algorithm: ours, noiseOf } = algorithmOf(reference);
      const differences = await compareWithCase(engine, ours, reference, noiseOf);
      const compared = differences.map(({ quantity }) => quantity);
      expect(compared).toEqual(
        expect.arrayContaining([...always, ...quantities.map((name) => `expected/${name}`)]),
      );
      for (const { quantity, error, tolerance } of differences) {
        expect(error, quantity).toBeLessThan(tolerance);
      }
    });
  });
}
