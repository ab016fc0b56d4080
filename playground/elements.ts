/** Elements of pages. */

/** A new element with properties and content. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...content);
  return element;
}

/** The element with an id of the page's own. */
export const find = <Kind extends Element = HTMLElement>(id: string): Kind =>
  document.getElementById(id) as unknown as Kind;

/** Replaces what an element holds. @param markup of the report's own making: everything in it is escaped */
export function setMarkup(element: Element, markup: string): void {
  element.innerHTML = markup;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What an error of a worker says; nothing where its script does not load. */
export const workerFault = ({ message }: Pick<ErrorEvent, 'message'>, script: string): string =>
  message || `${script} does not load`;
