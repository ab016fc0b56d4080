/** Densities of the toy comparison from files. */
import { readFileSync } from 'node:fs';
import type { MixtureDescription } from '../../agents/posterior/mixture.ts';
import { UserError } from '../../harness/text/errors.ts';
import { readProblems } from '../problems.ts';
import type { ToyTarget } from './targets.ts';

/**
 * The mixtures of a problem file, in the layout that `readProblems` takes.
 * @throws UserError for a file that cannot be used, or a mixture that is not of the plane
 */
export function targetsOfFile(file: string): ToyTarget[] {
  const problems = readProblems(file);
  const content = JSON.parse(readFileSync(file, 'utf8'));
  return problems.map(({ name }) => {
    const description: MixtureDescription = content.mixtures?.[name] ?? content;
    if (description.dim === 2) return { name, description };
    throw new UserError(`${file}: ${name}: has ${description.dim} dimensions, the toy comparison takes 2`);
  });
}
