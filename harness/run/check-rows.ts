/** The tables of a run that another process wrote, held against the run's job. */
import { parse } from 'csv-parse/sync';
import type { Columns } from '../files/columns.ts';
import { messageOf, printableLine } from '../text/printable.ts';
import type { RunJob } from './job.ts';
import { evaluationColumns, trainingColumns } from './rows.ts';

/** File name → text; those that were not written are absent. */
export type RunTables = Partial<Record<'evaluations.csv' | 'training.csv', string>>;

/**
 * The first thing by which the tables are not those of the job: another run's rows, steps or episodes that the job
 * has not, numbers that are none.
 * @param complete whether the run has ended: then every evaluation must be there
 * @returns undefined if there is nothing
 */
export function rowsFault(job: RunJob, tables: RunTables, complete: boolean): string | undefined {
  try {
    checkEvaluations(job, tables['evaluations.csv'], complete);
    checkTraining(job, tables['training.csv'], complete);
    return undefined;
  } catch (error) {
    return printableLine(messageOf(error));
  }
}

function checkEvaluations(job: RunJob, text: string | undefined, complete: boolean): void {
  const table = new Table('evaluations.csv', text, complete);
  table.expectHeader(Object.keys(evaluationColumns));
  const { episodes, every } = job.evaluation;
  table.rows.forEach((row, i) => {
    expectIdentity(job, row);
    row.expectTypes(evaluationColumns);
    const step = row.whole('step');
    const due = Math.min(Math.floor(i / episodes) * every, job.steps);
    if (step !== due) throw row.fault(`an evaluation at step ${step}, where the plan's is at step ${due}`);
    if (row.whole('episode') !== i % episodes)
      throw row.fault(`episode ${row.cell('episode')}, expected ${i % episodes} of ${episodes}`);
    if (row.whole('length') < 1) throw row.fault('an episode without a step');
    if (row.number('wall_seconds') < 0) throw row.fault('a time below 0');
  });
  const { length } = table.rows;
  const expected = (Math.ceil(job.steps / every) + 1) * episodes;
  if (length > expected || (complete && length < expected)) {
    const last = length === 0 ? 'has no rows' : `ends at step ${table.rows[length - 1].cell('step')}`;
    throw new Error(
      `evaluations.csv ${last}, with ${length} rows; the plan ends at step ${job.steps}, with ${expected}`,
    );
  }
}

function checkTraining(job: RunJob, text: string | undefined, complete: boolean): void {
  const table = new Table('training.csv', text, complete);
  table.expectHeader(Object.keys(trainingColumns));
  let before = 0;
  for (const row of table.rows) {
    expectIdentity(job, row);
    row.expectTypes(trainingColumns);
    const step = row.whole('step');
    if (step <= before || step > job.steps)
      throw row.fault(`step ${step} after step ${before}, in a run of ${job.steps} steps`);
    before = step;
    for (const name of table.header)
      if (!Object.hasOwn(trainingColumns, name) && row.cell(name) !== '') row.number(name);
  }
}

function expectIdentity({ identity }: RunJob, row: TableRow): void {
  for (const key of ['task', 'agent', 'seed'] as const) {
    const found = row.cell(key);
    if (found !== String(identity[key]))
      throw row.fault(`${key} '${found.slice(0, 80)}', expected '${identity[key]}'`);
  }
}

class Table {
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];

  constructor(
    readonly file: string,
    text: string | undefined,
    needed: boolean,
  ) {
    if (text === undefined && needed) throw new Error(`${file} is missing`);
    const [header = [], ...rows] = text === undefined ? [] : (parse(text) as string[][]);
    this.header = header;
    this.rows = rows.map((cells, i) => new TableRow(this, i + 2, cells));
    if (new Set(header).size !== header.length) throw new Error(`${file} has a column twice`);
  }

  /** The columns that the table must begin with, unless it was not written. */
  expectHeader(columns: readonly string[]): void {
    if (this.header.length === 0 && this.rows.length === 0) return;
    const found = this.header.slice(0, columns.length).join();
    if (found !== columns.join())
      throw new Error(`${this.file} has the columns ${found.slice(0, 200)}, expected ${columns.join()}`);
  }
}

class TableRow {
  constructor(
    private readonly table: Table,
    private readonly line: number,
    private readonly cells: readonly string[],
  ) {}

  cell(column: string): string {
    return this.cells[this.table.header.indexOf(column)] ?? '';
  }

  /** Numbers where the columns have numbers. */
  expectTypes(columns: Columns<never>): void {
    for (const [name, { type }] of Object.entries(columns)) {
      if (type === 'count') this.whole(name);
      else if (type === 'number') this.number(name);
    }
  }

  number(column: string): number {
    const text = this.cell(column);
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value))
      throw this.fault(`${column} is '${text.slice(0, 80)}', expected a finite number`);
    return value;
  }

  /** A whole number from 0. */
  whole(column: string): number {
    const value = this.number(column);
    if (!Number.isSafeInteger(value) || value < 0)
      throw this.fault(`${column} is ${value}, expected a whole number`);
    return value;
  }

  fault(what: string): Error {
    return new Error(`${this.table.file}, row ${this.line}: ${what}`);
  }
}
