/** Where agents and tasks are loaded from, as plain data. */

/** Where an agent comes from: a name of the registry, or a user's file. */
export interface AgentSource {
  readonly name: string;
  /** Absolute path of a plugin file; absent for a built-in agent. */
  readonly file?: string;
}

/** Where a task comes from: a name of the registry, or a user's file. */
export interface TaskSource {
  readonly name: string;
  /** Absolute path of a plugin file; absent for a built-in task. */
  readonly file?: string;
}
