/**
 * Views of MuJoCo's arrays, taken once and held. Taking one costs 150 ns, reading a held one nothing; but when WASM
 * memory grows (making any model or data may do it), held views lose their memory. Each access looks whether that
 * has happened and takes all views anew.
 */
import { type DataLayout, readWarnings, warningView } from './data-layout.ts';
import { ModelError } from './errors.ts';
import type { NumericArray } from './model-memory.ts';
import type { MainModule, MjData, MjModel } from './mujoco.ts';
import { arrayOf, rowOf } from './named-access.ts';

/** Rows by array and by name. */
type Rows<Row> = Map<string, Map<string, Row>>;

/** A row of MjData. A task asks for the same rows in the same order at every step: each knows its successor. */
interface DataRow {
  readonly field: string;
  readonly name: string;
  readonly values: NumericArray;
  /** The row that was asked for after this one the last time. */
  next: DataRow | undefined;
}

export class HeldViews {
  private readonly arrays = {
    qpos: new Float64Array(),
    qvel: new Float64Array(),
    act: new Float64Array(),
    ctrl: new Float64Array(),
    sensordata: new Float64Array(),
  };
  private warningPairs: Int32Array = new Int32Array();
  private readonly warningCount: number;
  private readonly dataRows: Rows<DataRow> = new Map();
  /** The row of MjData that was asked for last. */
  private lastRow: DataRow | undefined;
  private readonly modelRows: Rows<NumericArray> = new Map();
  private readonly qposTails = new Map<number, Float64Array>();
  private readonly qvelTails = new Map<number, Float64Array>();
  private released = false;

  constructor(
    private readonly module: MainModule,
    private readonly layout: DataLayout,
    private readonly mjModel: MjModel,
    private readonly mjData: MjData,
  ) {
    this.warningCount = readWarnings(mjData).length / 2;
    this.renew();
  }

  get qpos(): Float64Array {
    return this.fresh().arrays.qpos;
  }

  get qvel(): Float64Array {
    return this.fresh().arrays.qvel;
  }

  get act(): Float64Array {
    return this.fresh().arrays.act;
  }

  get ctrl(): Float64Array {
    return this.fresh().arrays.ctrl;
  }

  get sensordata(): Float64Array {
    return this.fresh().arrays.sensordata;
  }

  /** MuJoCo's warnings as pairs (last information, count). */
  get warnings(): Int32Array {
    return this.fresh().warningPairs;
  }

  qposFrom(start: number): Float64Array {
    const { qpos } = this;
    return this.qposTails.get(start) ?? hold(this.qposTails, start, qpos.subarray(start));
  }

  qvelFrom(start: number): Float64Array {
    const { qvel } = this;
    return this.qvelTails.get(start) ?? hold(this.qvelTails, start, qvel.subarray(start));
  }

  /** The row of a named object in an array of MjData. */
  dataRow(field: string, name: string): NumericArray {
    const expected = this.fresh().lastRow?.next;
    const row =
      expected?.field === field && expected.name === name ? expected : this.unexpectedRow(field, name);
    this.lastRow = row;
    return row.values;
  }

  private unexpectedRow(field: string, name: string): DataRow {
    const known = this.dataRows.get(field)?.get(name);
    const row = known ?? { field, name, values: this.findRow(this.mjData, field, name), next: undefined };
    if (known === undefined) holdRow(this.dataRows, field, name, row);
    if (this.lastRow !== undefined) this.lastRow.next = row;
    return row;
  }

  /** The row of a named object in an array of MjModel. */
  modelRow(field: string, name: string): NumericArray {
    return (
      this.fresh().modelRows.get(field)?.get(name) ??
      holdRow(this.modelRows, field, name, this.findRow(this.mjModel, field, name))
    );
  }

  private findRow(owner: MjModel | MjData, field: string, name: string): NumericArray {
    const array = arrayOf(owner, field, owner === this.mjModel ? 'mjModel' : 'mjData');
    const { start, length } = rowOf(this.module, this.mjModel, field, array.length, name);
    return array.subarray(start, start + length);
  }

  /** These views, with their memory. */
  private fresh(): this {
    // A view that has lost its memory has lost its length with it; there are always warnings to view.
    if (this.warningPairs.length === 0) this.renew();
    return this;
  }

  private renew(): void {
    if (this.released) throw new ModelError('this simulation has been disposed of');
    const { mjData, arrays } = this;
    arrays.qpos = mjData.qpos;
    arrays.qvel = mjData.qvel;
    arrays.act = mjData.act;
    arrays.ctrl = mjData.ctrl;
    arrays.sensordata = mjData.sensordata;
    this.warningPairs = warningView(mjData, this.layout, this.warningCount);
    for (const held of [this.dataRows, this.modelRows, this.qposTails, this.qvelTails]) held.clear();
    this.lastRow = undefined;
  }

  /** Lets go of the views, before their memory is freed; any later access throws. */
  release(): void {
    this.released = true;
    this.warningPairs = new Int32Array();
  }
}

function hold<K, V>(held: Map<K, V>, key: K, value: V): V {
  held.set(key, value);
  return value;
}

function holdRow<Row>(held: Rows<Row>, field: string, name: string, row: Row): Row {
  const rows = held.get(field) ?? hold(held, field, new Map<string, Row>());
  return hold(rows, name, row);
}
