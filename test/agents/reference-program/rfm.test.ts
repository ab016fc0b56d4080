import { expectTheProgramsNumbers } from './equality.ts';

expectTheProgramsNumbers('rfm', [
  'nextAction',
  'target',
  'endpoint',
  'time',
  'noised',
  'dataMean',
  'noiseMean',
  'regression',
  'ess',
]);
