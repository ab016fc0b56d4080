/** Reads CSV files. */
import { readFileSync } from 'node:fs';
import { UserError } from '../text/errors.ts';
import { decodeText, type Line, parseTable } from './csv-text.ts';

/**
 * Reads a table.
 * @param required columns that must be there; others are kept
 * @throws UserError for a file that is missing, empty or malformed
 */
export const readTable = (file: string, required: readonly string[]): Line[] =>
  parseTable(file, readText(file), required);

/** @throws UserError for a file that is missing or not UTF-8 */
export function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (reason === 'ENOENT') throw new UserError(`${file}: no such file`);
    throw new UserError(`${file}: cannot be read (${reason})`);
  }
  return decodeText(file, bytes);
}
