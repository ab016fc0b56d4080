/** A word as a shell reads it: in quotes if it must be. */
export const shellWord = (text: string): string =>
  /^[\w./:=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
