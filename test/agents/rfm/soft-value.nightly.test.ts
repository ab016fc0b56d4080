import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { diffusionForm } from '../../../agents/rfm/diffusion.ts';
import { flowForm } from '../../../agents/rfm/flow.ts';
import type { PolicyForm } from '../../../agents/rfm/prediction.ts';
import { data, expectTwoGaussians, native } from './two-gaussians.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const sampler = 'ddim' as const;
const forms: readonly (readonly [string, PolicyForm, 'velocity' | 'noise' | 'data'])[] = [
  ['flow, heun', flowForm({ ...native, solver: 'heun' }), 'velocity'],
  ['flow, data, heun', flowForm({ ...data, solver: 'heun' }), 'data'],
  ['flow, data', flowForm({ ...data, solver: 'euler' }), 'data'],
  ['diffusion, vp', diffusionForm({ ...native, schedule: 'vp', sampler }), 'noise'],
  ['diffusion, vp, data', diffusionForm({ ...data, schedule: 'vp', sampler }), 'data'],
  ['diffusion, cosine', diffusionForm({ ...native, schedule: 'cosine', sampler }), 'noise'],
  ['diffusion, cosine, data', diffusionForm({ ...data, schedule: 'cosine', sampler }), 'data'],
  ['diffusion, ve, data', diffusionForm({ ...data, schedule: 've', sampler }), 'data'],
  ['diffusion, ve', diffusionForm({ ...native, schedule: 've', sampler }), 'noise'],
];

describe.each(forms)('the log-density of two Gaussians: %s', (_, form, kind) => {
  it('is that of what the sampler gives, and integrates to one in the latent and in the box', () => {
    expect.hasAssertions();
    expectTwoGaussians(form, kind);
  });
});
