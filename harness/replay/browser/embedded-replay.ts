/** Entry of the page that holds its film: made by `harness rollout --page`. */
import { type EmbeddedData, EmbeddedFilm } from '../embedded-film.ts';
import { beginningOf, Player } from './player.ts';

export function replay(root: HTMLElement, data: EmbeddedData): Player {
  return new Player(root, new EmbeddedFilm(data), beginningOf(location.hash));
}
