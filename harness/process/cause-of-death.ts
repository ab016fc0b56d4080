/** Why a process ended that was not to end. @param log what it printed */
export function causeOfDeath(code: number | null, signal: NodeJS.Signals | null, log: string): string {
  if (/heap out of memory|bad_alloc|Cannot enlarge memory|out of memory/i.test(log.slice(-4000)))
    return 'its process ran out of memory';
  if (signal === 'SIGKILL') return 'its process was killed (SIGKILL; perhaps the machine ran out of memory)';
  if (signal === 'SIGSEGV' || signal === 'SIGILL') {
    return `its process crashed (${signal}); if it does again, --backend wasm computes with other code`;
  }
  if (signal !== null) return `its process was ended by ${signal}`;
  return `its process ended by itself with exit code ${code}`;
}
