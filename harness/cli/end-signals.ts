/** Signals that ask a long command to end. */

/**
 * Ctrl-C, `kill`, and a terminal that is closed. Where nothing is written to a terminal, as under nohup, the command outlives it:
 * Node.js forgets that nohup lets it ignore that signal, so that it is ignored here.
 */
export function endSignals(): readonly NodeJS.Signals[] {
  if (process.stderr.isTTY) return ['SIGINT', 'SIGTERM', 'SIGHUP'];
  if (process.listenerCount('SIGHUP', ignore) === 0) process.on('SIGHUP', ignore);
  return ['SIGINT', 'SIGTERM'];
}

const ignore = (): void => {};
