/** Words in a sentence: `a`, `a or b`, `a, b or c`. */
export const listed = (words: readonly string[], before: 'and' | 'or'): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} ${before} ${words[words.length - 1]}`;
