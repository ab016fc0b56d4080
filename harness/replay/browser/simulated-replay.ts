/** Entry of the replay page: fetches a recording, and lets MuJoCo in this browser put every shape in its place. */
import { loadMuJoCo } from '../../../envs/mujoco.ts';
import type { Recording } from '../recording.ts';
import { recordingSentence } from '../sentence.ts';
import { SimulatedFilm } from '../simulated-film.ts';
import { beginningOf, Player } from './player.ts';

const root = document.getElementById('player') as HTMLElement;

async function replay(): Promise<void> {
  const answer = await fetch(root.dataset.recording ?? '');
  if (!answer.ok) throw new Error(`the recording does not load: ${await answer.text()}`);
  const recording = (await answer.json()) as Recording;
  const film = new SimulatedFilm(await loadMuJoCo(), recording);
  const about = document.getElementById('about');
  if (about !== null) about.textContent = recordingSentence(film.facts, film.episodes);
  new Player(root, film, beginningOf(location.hash));
}

replay().catch((error: unknown) => {
  const notice = Object.assign(document.createElement('p'), { className: 'notice bad' });
  notice.setAttribute('role', 'alert');
  notice.textContent = `The rollout cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
  root.replaceChildren(notice);
});
