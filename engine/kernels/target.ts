/** What a code generator tells the neutral part of the compiler about itself. */
import type { Kind, Parameters } from './groups.ts';

export interface Target {
  /** Rows behind the last that a product of selected rows may write. */
  readonly rowPadding: number;
  /** How many axes, arrays of the caller and ways of walking through memory one loop can have together. */
  readonly loopRegisters: number;
  /** Whether there is code for an element-wise operation on operands of a type. */
  supports(operation: string, type: Kind, resultType: Kind, parameters: Parameters): boolean;
}
