/** Parses CSV (RFC 4180, UTF-8) with a header row; every complaint names the file and the line. */
import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../text/errors.ts';

/** One line of a file that was read, with where it stands for complaints. */
export class Line {
  readonly #file: string;
  readonly #line: number;
  readonly #cells: Readonly<Record<string, string>>;

  constructor(file: string, line: number, cells: Readonly<Record<string, string>>) {
    this.#file = file;
    this.#line = line;
    this.#cells = cells;
  }

  get columns(): string[] {
    return Object.keys(this.#cells);
  }

  get place(): string {
    return `${this.#file}, line ${this.#line}`;
  }

  error(what: string): UserError {
    return new UserError(`${this.place}: ${what}`);
  }

  /** A name: anything but nothing, without the white space around it. */
  text(column: string): string {
    const value = this.#cells[column].trim();
    if (value === '') throw this.error(`'${column}' is empty`);
    return value;
  }

  /** As text, but it may be empty or absent. */
  optionalText(column: string): string {
    return this.#cells[column]?.trim() ?? '';
  }

  /** A finite number. */
  number(column: string): number {
    const value = this.optionalNumber(column);
    if (value === undefined) throw this.error(`'${column}' is empty, expected a number`);
    return value;
  }

  /** A finite number, or undefined for an empty or absent cell. */
  optionalNumber(column: string): number | undefined {
    const text = this.#cells[column]?.trim() ?? '';
    if (text === '') return undefined;
    const value = Number(text);
    if (!Number.isFinite(value))
      throw this.error(`'${column}' is '${shorten(text)}', expected a finite number`);
    return value;
  }

  /** A whole number ≥ 0. */
  count(column: string): number {
    const value = this.number(column);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw this.error(`'${column}' is '${shorten(this.#cells[column])}', expected a whole number from 0`);
    }
    return value;
  }
}

/**
 * The lines of a table.
 * @param file its name, for complaints
 * @param required columns that must be there; others are kept
 * @throws UserError for a text that is empty or malformed
 */
export function parseTable(file: string, text: string, required: readonly string[]): Line[] {
  let header: string[] | undefined;
  if (text.trim() === '')
    throw new UserError(`${file}, line 1: empty; expected columns ${required.join(', ')}`);
  const columns = (names: string[]): string[] => {
    header = names.map((name) => name.trim());
    const missing = required.filter((name) => !header?.includes(name));
    if (missing.length > 0) {
      const found = header.map(shorten).join(', ');
      const separated = header.length === 1 && /[;\t]/.test(header[0]);
      throw new UserError(
        `${file}, line 1: no column ${missing.map((m) => `'${m}'`).join(', ')}; found ${found}${separated ? '; commas must separate columns' : ''}`,
      );
    }
    const twice = header.find((name, i) => header?.indexOf(name) !== i);
    if (twice !== undefined) throw new UserError(`${file}, line 1: column '${shorten(twice)}' twice`);
    return header;
  };
  const plain = readPlain(text);
  if (plain !== undefined) {
    const [head, ...records] = plain;
    const names = columns(head.cells);
    return records.map(
      ({ line, cells }) => new Line(file, line, Object.fromEntries(names.map((name, i) => [name, cells[i]]))),
    );
  }
  try {
    const rows = parse(text, {
      ...{ bom: true, columns, info: true, skip_empty_lines: true },
      // Found out from the first line, otherwise, though ends may be mixed.
      record_delimiter: ['\r\n', '\n', '\r'],
    }) as unknown as {
      info: { lines: number };
      record: Record<string, string>;
    }[];
    return rows.map(({ info, record }) => new Line(file, info.lines, record));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 1;
    throw new UserError(`${file}, line ${line}: ${reasonOf(error, header)}`);
  }
}

/**
 * The cells of a text without quotes, several times faster than the parser; undefined where the parser must say what is
 * wrong, or how lines end.
 */
function readPlain(text: string): { readonly line: number; readonly cells: string[] }[] | undefined {
  if (text.includes('"') || /\r(?!\n)/.test(text)) return undefined;
  const rows: { line: number; cells: string[] }[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] === '') continue;
    const cells = lines[i].split(',');
    if (rows.length > 0 && cells.length !== rows[0].cells.length) return undefined;
    rows.push({ line: i + 1, cells });
  }
  return rows;
}

/** The text of a file. @throws UserError with line and offset for bytes that are not UTF-8 */
export function decodeText(file: string, bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const wrong = firstWrongByte(bytes, text);
  if (wrong === undefined) return text;
  const line = 1 + bytes.subarray(0, wrong).filter((byte) => byte === NEWLINE).length;
  const byte = bytes[wrong].toString(16).padStart(2, '0');
  throw new UserError(
    `${file}, line ${line}: not UTF-8 at byte offset ${wrong} (0x${byte}); save the file as UTF-8`,
  );
}

const NEWLINE = 0x0a;
/** What decoding puts in the place of bytes that are not UTF-8, and its own bytes. */
const REPLACEMENT = '\ufffd';
const REPLACEMENT_BYTES = new TextEncoder().encode(REPLACEMENT);

/** Where decoding met the first bytes that are not UTF-8, counted from 0. */
function firstWrongByte(bytes: Uint8Array, decoded: string): number | undefined {
  let [offset, from] = [0, 0];
  for (;;) {
    const at = decoded.indexOf(REPLACEMENT, from);
    if (at < 0) return undefined;
    offset += new TextEncoder().encode(decoded.slice(from, at)).length;
    const end = offset + REPLACEMENT_BYTES.length;
    if (REPLACEMENT_BYTES.some((byte, i) => bytes[offset + i] !== byte)) return offset;
    [offset, from] = [end, at + 1];
  }
}

function reasonOf(error: CsvError, header: readonly string[] | undefined): string {
  if (error.code === 'CSV_RECORD_INCONSISTENT_COLUMNS' && header !== undefined) {
    const record = error.record as unknown;
    const found = Array.isArray(record) ? `${record.length}` : 'another number of';
    return `${found} cells, the header has ${header.length} columns`;
  }
  return error.message.split('\n')[0];
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
