/** CITATION.cff says what package.json says; `cffconvert --validate` checks its form. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const citation = parse(read('CITATION.cff'));
const { name, version, license } = JSON.parse(read('package.json'));

it('cites this version of the package', () => {
  expect(citation).toMatchObject({ 'cff-version': '1.2.0', title: name, version, license });
});

it('cites the paper', () => {
  const [{ title, authors, url }] = citation.references;
  expect(title.replaceAll('\n', ' ')).toBe(
    'Reverse Flow Matching: A Unified Framework for Online Reinforcement Learning with Diffusion and Flow Policies',
  );
  expect(authors.map((author: Record<string, string>) => author['family-names'])).toEqual([
    'Li',
    'Tang',
    'Azizan',
  ]);
  expect(url).toBe('https://arxiv.org/abs/2601.08136');
});
