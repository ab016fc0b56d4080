import { expectTheProgramsNumbers } from './equality.ts';

expectTheProgramsNumbers('qsm', ['nextAction', 'target', 'noised', 'regression']);
