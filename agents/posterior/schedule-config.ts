/** Which paths there are, by name and parameters; `schedules.ts` has their coefficients. */
import { z } from 'zod';

/** Parameters of the paths that have some. */
export const scheduleDefaults = { betaMin: 0.1, betaMax: 20, sigmaMin: 0.01, sigmaMax: 5 } as const;

export const scheduleSchema = z.discriminatedUnion('kind', [
  /** α = t, β = 1 - t. */
  z.strictObject({ kind: z.literal('linear') }),
  /** α = sin(πt/2), β = cos(πt/2): variance preserving. */
  z.strictObject({ kind: z.literal('cosine') }),
  /** Variance preserving SDE whose rate falls linearly from betaMax at t = 0 to betaMin at t = 1. */
  z.strictObject({
    kind: z.literal('vp'),
    betaMin: z.number().positive().default(scheduleDefaults.betaMin),
    betaMax: z.number().positive().default(scheduleDefaults.betaMax),
  }),
  /** Variance exploding: α = 1, β geometric from sigmaMax at t = 0 to sigmaMin at t = 1. */
  z.strictObject({
    kind: z.literal('ve'),
    sigmaMin: z.number().positive().default(scheduleDefaults.sigmaMin),
    sigmaMax: z.number().positive().default(scheduleDefaults.sigmaMax),
  }),
]);
export type ScheduleConfig = z.infer<typeof scheduleSchema>;
export type ScheduleName = ScheduleConfig['kind'];
export const scheduleNames: readonly ScheduleName[] = ['linear', 'cosine', 'vp', 've'];
