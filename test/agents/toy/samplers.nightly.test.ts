import { afterAll, describe, expect, it } from 'vitest';
import { idem } from '../../../agents/toy/idem.ts';
import { qne } from '../../../agents/toy/qne.ts';
import { rfmDiffusion, rfmFlow } from '../../../agents/toy/rfm.ts';
import { createEngine } from '../../../engine/index.ts';
import { bound, expectMixture } from './mixture.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

describe.each([
  {
    what: 'rfm-flow with draws of the prior',
    form: rfmFlow({ bound, estimator: 'optimal', draws: 'prior' }),
    steps: 20,
  },
  { what: 'idem', form: idem({ bound }), steps: 40 },
  { what: 'qne', form: qne({ bound }), steps: 40 },
  { what: 'rfm-diffusion', form: rfmDiffusion({ bound }), steps: 40 },
  { what: 'rfm-diffusion by DDIM', form: rfmDiffusion({ bound, sampler: 'ddim' }), steps: 100 },
])('$what', ({ form, steps }) => {
  it('samples a mixture that it knows up to a constant alone', async () => {
    expect.hasAssertions();
    await expectMixture(form, steps, engine);
  });
});
