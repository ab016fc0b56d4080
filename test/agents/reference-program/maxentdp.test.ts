import { expectTheProgramsNumbers } from './equality.ts';

expectTheProgramsNumbers('maxentdp', [
  'nextAction',
  'target',
  'nextLogDensity',
  'time',
  'logSnr',
  'noised',
  'regression',
  'ess',
]);
