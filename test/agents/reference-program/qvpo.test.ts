import { expectTheProgramsNumbers } from './equality.ts';

expectTheProgramsNumbers('qvpo', ['nextAction', 'target', 'imitated', 'advantage']);
