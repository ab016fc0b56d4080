/**
 * Tasks whose contacts blow a difference in the last place up to the size of the motion within an episode, so
 * that whole returns compare in distribution alone. docs/parity.md gives the step at which that happens.
 */
export const CHAOTIC = ['quadruped-escape', 'quadruped-fetch', 'walker-run', 'walker-stand', 'walker-walk'];
