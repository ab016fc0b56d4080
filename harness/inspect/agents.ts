/** The agents as a table. */

import { z } from 'zod';
import { type Preset, presets } from '../../agents/agent.ts';
import { type AnyAgentFactory, builtInAgents } from '../../agents/registry.ts';
import { AGENT_NAME } from '../../agents/returned.ts';
import { askOfFile } from '../plugins/apart.ts';
import { loadAgent } from '../plugins/load-agent.ts';
import { isFile } from '../plugins/load-module.ts';
import type { ApartFunction } from '../process/apart.ts';
import { printableLine } from '../text/printable.ts';

export interface AgentRow {
  readonly name: string;
  readonly description: string;
  readonly reference: string;
  /** Preset → key → value. */
  readonly presets: Readonly<Record<Preset, Readonly<Record<string, unknown>>>>;
  /** What no config holds: key → value; empty for files that tell of none. */
  readonly constants: NonNullable<AnyAgentFactory['constants']>;
}

/** @param names names or files; all built-in agents if empty */
export async function describeAgents(names: readonly string[]): Promise<AgentRow[]> {
  const asked = names.length > 0 ? names : builtInAgents.map((agent) => agent.name);
  const rows: AgentRow[] = [];
  const module = new URL('./agents.ts', import.meta.url);
  for (const name of asked) {
    const call = { module, name: 'tellAgent', order: name, news: agentRow };
    rows.push(isFile(name) ? await askOfFile(name, call) : await describeHere(name));
  }
  return rows;
}

const line = z.string().transform((text) => printableLine(text));
const values = z.record(z.string(), z.unknown());
const agentRow: z.ZodType<AgentRow> = z.object({
  name: z.string().regex(AGENT_NAME),
  description: line,
  reference: line,
  presets: z.object({ paper: values, laptop: values, smoke: values }),
  constants: z.record(z.string(), z.union([z.number(), z.array(z.number())])),
});

/** Runs apart: the agent of a file. */
export const tellAgent: ApartFunction<string, AgentRow> = async (file, tell) =>
  tell(JSON.parse(JSON.stringify(await describeHere(file))));

async function describeHere(asked: string): Promise<AgentRow> {
  const { name, description, reference, constants = {}, ...factory } = (await loadAgent(asked)).factory;
  const presets = factory.presets as unknown as AgentRow['presets'];
  return { name, description, reference, presets, constants };
}

/** One line per agent. */
export function agentList(rows: readonly AgentRow[]): string {
  const width = Math.max(...rows.map((row) => row.name.length));
  const lines = rows.map((row) => `${row.name.padEnd(width)}  ${row.description} (${row.reference})`);
  return `${lines.join('\n')}\n\nPresets of each: ${presets.join(', ')}. 'harness agents NAME' shows their values.`;
}

/** Every key of every preset, and what the code fixes, agent by agent. */
export function agentConfigs(rows: readonly AgentRow[]): string {
  return rows.map(configTable).join('\n\n');
}

function configTable(row: AgentRow): string {
  const keys = [...new Set(presets.flatMap((preset) => Object.keys(row.presets[preset])))];
  const cell = (preset: Preset, key: string) => {
    const value = row.presets[preset][key];
    return value === undefined ? '-' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  };
  const columns = [
    ['key', ...keys],
    ...presets.map((preset) => [preset, ...keys.map((key) => cell(preset, key))]),
  ];
  const widths = columns.map((column) => Math.max(...column.map((text) => text.length)));
  const lines = [...Array(keys.length + 1).keys()].map((line) =>
    columns
      .map((column, i) => column[line].padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  return `${row.name}: ${row.description} (${row.reference})\n${lines.join('\n')}${constantList(row)}`;
}

function constantList({ constants }: AgentRow): string {
  const names = Object.keys(constants);
  if (names.length === 0) return '';
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `${name.padEnd(width)}  ${[constants[name]].flat().join(', ')}`);
  return `\nfixed in the code:\n${lines.join('\n')}`;
}
