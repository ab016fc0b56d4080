/** The methods of the toy comparison by name. */
import type { SamplerForm } from '../../agents/toy/form.ts';
import { idem } from '../../agents/toy/idem.ts';
import { qne } from '../../agents/toy/qne.ts';
import { rfmDiffusion, rfmFlow } from '../../agents/toy/rfm.ts';
import { unknownName } from '../../harness/text/errors.ts';

/** The prior, or the prior cut off to where y1 lies in the density's box. */
export const posteriorDraws = ['prior', 'box'] as const;
export type PosteriorDraws = (typeof posteriorDraws)[number];

interface MethodOptions {
  /** Posterior-mean estimator of the two forms of RFM. */
  readonly estimator: string;
  /** Where those draw the posterior's noise from. */
  readonly draws: PosteriorDraws;
  /** Half the width of a box that holds the density. */
  readonly bound: number;
}

const methods: Readonly<Record<string, (options: MethodOptions) => SamplerForm>> = {
  'rfm-flow': (options) => rfmFlow(options),
  'rfm-diffusion': (options) => rfmDiffusion(options),
  idem: ({ bound }) => idem({ bound }),
  qne: ({ bound }) => qne({ bound }),
};

export const methodNames: readonly string[] = Object.keys(methods);

/** @throws UserError for a name that does not exist */
export function checkMethod(name: string): string {
  if (!Object.hasOwn(methods, name)) throw unknownName('method', name, methodNames);
  return name;
}

/** @throws UserError for a name that does not exist */
export function createForm(name: string, options: MethodOptions): SamplerForm {
  return methods[checkMethod(name)](options);
}
