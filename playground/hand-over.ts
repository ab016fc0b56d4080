/** What is dropped on a page that does not show results goes to the page that does. */
import { takeDrops } from './dropped.ts';
import { find, make, messageOf } from './elements.ts';
import { Storage } from './storage.ts';

/** @param stays whether the page has something to lose: it then offers a link instead of leaving */
export function handOverDrops(stays: () => boolean): void {
  const place = find('dropped');
  const tell = (...content: (Node | string)[]): void => {
    place.replaceChildren(...content);
    place.hidden = false;
  };
  const link = (text: string) =>
    make('a', { href: 'results.html', target: '_blank', rel: 'opener', textContent: text });
  takeDrops(async (files) => {
    try {
      const storage = await Storage.open();
      if (storage === undefined) return tell('Results are shown on ', link('their own page'), '.');
      await storage.putDropped(await files);
      if (stays()) tell(link('Show what was dropped'), ' in a new tab.');
      else location.assign('results.html');
    } catch (error) {
      tell(`Not shown: ${messageOf(error)}`);
    }
  });
}
