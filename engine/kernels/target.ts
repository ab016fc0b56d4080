/** What a code generator tells the neutral part of the compiler about itself. */
export interface Target {
  /** Elements of a vector. */
  readonly lanes: number;
  /** The shortest axis that is worth vectors. */
  readonly shortestVector: number;
  /** Rows behind the last that a product of selected rows may write. */
  readonly rowPadding: number;
  /** How many axes, arrays of the caller and ways of walking through memory one loop can have together. */
  readonly loopRegisters: number;
}
