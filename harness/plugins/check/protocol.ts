/** What the process of a check and the command say to each other. */
import { z } from 'zod';
import type { Preset } from '../../../agents/agent.ts';

export interface CheckOrder {
  readonly kind: 'agent' | 'task';
  /** Nothing is checked, the file is loaded alone. */
  readonly loadOnly?: boolean;
  /** A name or a file; for tasks also a suite. */
  readonly name: string;
  /** Of the agent that is checked. */
  readonly preset?: Preset;
}

/** Checked on arrival: a plugin shares the process and might send anything. */
export const checkMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('alive') }),
  /** The name of what is checked from here on. */
  z.object({ type: z.literal('subject'), name: z.string() }),
  /** A promise is about to be tried. */
  z.object({ type: z.literal('tries'), promise: z.string() }),
  z.object({
    type: z.literal('verdict'),
    verdict: z.object({ promise: z.string(), passed: z.boolean(), detail: z.string() }),
  }),
  /** It cannot be checked at all. @see UserError */
  z.object({ type: z.literal('refused'), reason: z.string(), stack: z.string() }),
  z.object({ type: z.literal('ended') }),
]);

export type CheckMessage = z.infer<typeof checkMessage>;
