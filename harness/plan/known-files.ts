/** Users' files of a plan that was read from a results folder. */
import { absolutePath, isFile } from '../plugins/load-module.ts';
import { fileTitle } from '../plugins/named-files.ts';
import { type AgentSource, checksumOf, type TaskSource } from '../plugins/source.ts';
import { isRecorded, isRecordedPath } from '../plugins/trust.ts';
import { UserError } from '../text/errors.ts';
import type { ComparisonPlan } from './plan.ts';
import { entries, type Settings } from './settings.ts';

/** Where the agents and tasks of a plan come from, agents first. */
export function sourcesOf({ agents, tasks }: ComparisonPlan): (AgentSource | TaskSource)[] {
  return [...agents.map(({ source }) => source), ...tasks];
}

/** The files that settings name. */
export function filesOf({ agents = [], tasks = [] }: Pick<Settings, 'agents' | 'tasks'>): string[] {
  const agentNames = (typeof agents === 'string' ? entries<string>(agents, '--agents') : agents).map(
    (entry) => (typeof entry === 'string' ? entry : entry.agent),
  );
  const taskNames = typeof tasks === 'string' ? (entries(tasks, '--tasks') as string[]) : tasks;
  return [...agentNames, ...taskNames].filter(isFile).map((file) => absolutePath(file));
}

/**
 * Refuses a plan that needs files that its folder names and nobody else: it may have come from elsewhere, with them.
 * @param named files that the user names
 * @throws UserError for a file that is not named, and that no comparison of this user has recorded as it is
 */
export function checkFiles(
  plan: ComparisonPlan,
  folder: string,
  { named, acceptChanges }: { readonly named: readonly string[]; readonly acceptChanges: boolean },
): void {
  for (const { file } of sourcesOf(plan)) {
    if (file === undefined || named.includes(file) || isRecorded(file, checksumOf(file))) continue;
    if (!isRecordedPath(file)) {
      throw new UserError(
        `${folder} names ${file}, which no comparison of yours has recorded; to load it all the same, name it too, with --agents or --tasks`,
      );
    }
    if (!acceptChanges) throw cannotGoOn(folder, `${fileTitle(file)} is not the same as before`);
  }
}

export function cannotGoOn(folder: string, change: string): UserError {
  return new UserError(
    `${folder} cannot go on as it began: ${change}; put it back, begin anew with --force or another --out, or mix both on purpose with --accept-changes`,
  );
}
