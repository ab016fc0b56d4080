import { expectTheProgramsNumbers } from './equality.ts';

expectTheProgramsNumbers('dqs', ['nextAction', 'target', 'noised', 'regression', 'weight']);
