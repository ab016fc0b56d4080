/** What a film shows, as a sentence. */
import type { FilmFacts } from './film.ts';

export function recordingSentence({ trainedSteps, seed, mode }: FilmFacts, episodes: number): string {
  const agent = trainedSteps === undefined ? 'Untrained agent' : `Agent after ${trainedSteps} training steps`;
  const policy = mode === 'explore' ? 'exploring' : 'without exploration';
  return `${agent}, ${policy}; ${episodes} ${episodes === 1 ? 'episode' : 'episodes'}, seed ${seed}. Drag to turn the view, scroll to zoom.`;
}
