import { expectTheProgramsNumbers } from './equality.ts';

expectTheProgramsNumbers('sac', ['nextAction', 'target', 'nextLogDensity', 'logDensity', 'temperatureLoss']);
