/** Equations of einsum. */

/** The labels of an equation: of each operand's axes, and of the result's. */
export interface Einsum {
  readonly operands: readonly string[];
  readonly result: string;
}

/**
 * Reads an equation, white space aside.
 * @param shapes of the operands
 * @throws RangeError that says what is wrong, with the equation that may be meant
 */
export function parseEinsum(equation: string, shapes: readonly (readonly number[])[]): Einsum {
  const [left, ...right] = equation.replace(/\s/g, '').split('->');
  const operands = left.split(',');
  if (right.length === 0) {
    throw new RangeError(`'${equation}' names no result: write '${left}->${impliedResult(left)}'`);
  }
  if (right.length > 1) throw new RangeError(`'${equation}' has more than one '->'`);
  const [result] = right;
  const odd = /[^A-Za-z]/.exec(left.replaceAll(',', '') + result)?.[0];
  if (odd !== undefined) throw new RangeError(`'${equation}' has '${odd}': label every axis with a letter`);
  if (operands.length !== shapes.length) {
    throw new RangeError(
      `'${equation}' is for ${operands.length} operand${operands.length === 1 ? '' : 's'}, there are ${shapes.length}`,
    );
  }
  for (const [i, labels] of operands.entries()) {
    if (labels.length !== shapes[i].length) {
      throw new RangeError(
        `'${equation}' labels ${labels.length} axes of operand ${i + 1}, which has ${shapes[i].length}: [${shapes[i]}]`,
      );
    }
  }
  const unknown = [...result].find((label) => !left.includes(label));
  if (unknown !== undefined) throw new RangeError(`'${equation}': no operand has an axis '${unknown}'`);
  const twice = [...result].find((label, i) => result.indexOf(label) !== i);
  if (twice !== undefined) throw new RangeError(`'${equation}' has '${twice}' twice in its result`);
  return { operands, result };
}

/** The result that numpy and others imply: labels that stand once, in alphabetic order. */
function impliedResult(left: string): string {
  const labels = [...left.replaceAll(',', '')];
  return labels
    .filter((label) => labels.indexOf(label) === labels.lastIndexOf(label))
    .sort()
    .join('');
}

/** The result's shape. @throws RangeError if one label's axes differ in length */
export function einsumShape(equation: string, shapes: readonly (readonly number[])[]): number[] {
  const { operands, result } = parseEinsum(equation, shapes);
  const lengths = new Map<string, number>();
  for (const [i, labels] of operands.entries()) {
    for (const [axis, label] of [...labels].entries()) {
      const length = shapes[i][axis];
      const before = lengths.get(label) ?? length;
      if (before !== length) {
        throw new RangeError(`'${equation}': axes '${label}' have lengths ${before} and ${length}`);
      }
      lengths.set(label, length);
    }
  }
  return [...result].map((label) => lengths.get(label) ?? 1);
}

/** An equation as equations of two operands, of which each takes the result of the one before and the next operand. */
export function inPairs({ operands, result }: Einsum): string[] {
  let left = operands[0];
  return operands.slice(1).map((right, i) => {
    const last = i === operands.length - 2;
    const needed = operands.slice(i + 2).join('') + result;
    const kept = [...new Set(left + right)].filter((label) => needed.includes(label)).join('');
    const pair = `${left},${right}->${last ? result : kept}`;
    left = kept;
    return pair;
  });
}
