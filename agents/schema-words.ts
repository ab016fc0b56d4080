/** What a value does not fit, in words for users: `schema.safeParse(value, { error: inWords })`. */
import type { z } from 'zod';
import { listed } from '../names/listed.ts';

const kinds: Readonly<Record<string, string>> = {
  ...{ number: 'a number', int: 'a whole number', string: 'a text', boolean: 'true or false', null: 'null' },
  ...{ array: 'a list', tuple: 'a list', object: 'keys with values', record: 'keys with values' },
};

/** A schema's own messages come first; these are for what it leaves to zod. */
export const inWords: z.core.$ZodErrorMap = (issue) => {
  const sized = issue.code === 'too_small' || issue.code === 'too_big';
  const of = sized && issue.origin !== 'number' && issue.origin !== 'int' ? ' in length' : '';
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; expected ${kinds[issue.expected] ?? issue.expected}`
        : `expected ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}${of}`;
    case 'too_big':
      return `must be ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}${of}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return `unknown key '${issue.keys[0]}'`;
    case 'invalid_value':
      return `expected ${listed(
        issue.values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))),
        'or',
      )}`;
    case 'invalid_format':
      return `does not have the form that it must have${issue.pattern === undefined ? '' : `, ${issue.pattern}`}`;
    default:
      return 'is no value that is allowed here';
  }
};
