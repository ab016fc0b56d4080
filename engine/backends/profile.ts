/** Times of a graph's steps, in files of the layout that ONNX Runtime's profiles have. */
import { writeFile } from '../codegen/x86/memory.ts';

/** One entry of a profile. */
export interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name: string };
}

/** Writes the profile of each graph to a file of its own, if there is a path prefix for them; Node alone has files. */
export function profileWriter(
  prefix: string | undefined,
): ((name: string, events: readonly ProfileEvent[]) => void) | undefined {
  if (prefix === undefined) return undefined;
  return (name, events) => {
    writeFile(`${prefix}${name.replaceAll('/', '-')}.json`, JSON.stringify(events));
  };
}
