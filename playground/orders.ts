/** Orders to a run, also those that come before there is one. */
import type { Order } from './messages.ts';

export type Command = Exclude<Order['type'], 'begin'>;

/** What takes orders. */
export interface Ordered {
  pause(): void;
  goOn(): void;
  stop(): void;
}

export class Orders {
  #run: Ordered | undefined;
  /** Given before there was a run: the last one, but nothing takes a stop back. */
  #waiting: Command | undefined;

  give(command: Command): void {
    if (this.#run !== undefined) obey(this.#run, command);
    else if (this.#waiting !== 'stop') this.#waiting = command;
  }

  /** From now on the run gets the orders. */
  begin(run: Ordered): void {
    this.#run = run;
    if (this.#waiting !== undefined) obey(run, this.#waiting);
  }
}

function obey(run: Ordered, command: Command): void {
  if (command === 'pause') run.pause();
  else if (command === 'go on') run.goOn();
  else run.stop();
}
