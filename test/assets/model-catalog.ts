/** The MJCF text of every model of the recorded tables, by the table's name, built from assets/. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { MainModule, MjModel } from '@mujoco/mujoco';
import { quadrupedModel } from '../../envs/models/quadruped.ts';
import { swimmerModel } from '../../envs/models/swimmer.ts';

const ASSETS = new URL('../../assets/', import.meta.url);
const TABLES = new URL('../data/dmc/models/', import.meta.url);

/** The text of a file of assets/. */
export const asset = (file: string): string => readFileSync(new URL(file, ASSETS), 'utf8');

/** Models which are built from a description that several of them share; every other one is its own file. */
const VARIANTS: Record<string, { file: string; build: (xml: string) => string }> = {
  swimmer6: { file: 'swimmer.xml', build: (xml) => swimmerModel(xml, 6) },
  swimmer15: { file: 'swimmer.xml', build: (xml) => swimmerModel(xml, 15) },
  'quadruped-walk': { file: 'quadruped.xml', build: (xml) => quadrupedModel(xml, { floor: 10 }) },
  'quadruped-run': { file: 'quadruped.xml', build: (xml) => quadrupedModel(xml, { floor: 100 }) },
  'quadruped-escape': {
    file: 'quadruped.xml',
    build: (xml) => quadrupedModel(xml, { floor: 40, terrain: true, rangefinders: true }),
  },
  'quadruped-fetch': {
    file: 'quadruped.xml',
    build: (xml) => quadrupedModel(xml, { floor: 15, ball: true }),
  },
};

/** Names of the recorded tables (test/data/dmc/models/NAME.json). */
export const tableNames = readdirSync(TABLES)
  .filter((file) => file.endsWith('.json') && file !== 'control.json')
  .map((file) => file.replace(/\.json$/, ''));

/** Whether assets/ has the description of this model. */
export const isWritten = (name: string): boolean =>
  existsSync(new URL(VARIANTS[name]?.file ?? `${name}.xml`, ASSETS));

/** The MJCF text of a model. */
export function modelText(name: string): string {
  const variant = VARIANTS[name];
  return variant === undefined ? asset(`${name}.xml`) : variant.build(asset(variant.file));
}

/** The recorded table of a model. */
export const recordedTable = (name: string): Record<string, never> =>
  JSON.parse(readFileSync(new URL(`${name}.json`, TABLES), 'utf8'));

/** Compiles MJCF text; `<include>` finds every file of assets/. The caller deletes the model. */
export function compile(mujoco: MainModule, xml: string): MjModel {
  const files = new mujoco.MjVFS();
  try {
    for (const file of readdirSync(ASSETS)) {
      if (file.endsWith('.xml')) files.addBuffer(file, new TextEncoder().encode(asset(file)));
    }
    return mujoco.MjModel.from_xml_string(xml, files);
  } finally {
    files.delete();
  }
}
