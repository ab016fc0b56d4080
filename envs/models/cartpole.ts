/** Cartpole with one pole or a chain of them. */
import { insertAfter, replaceOnce } from './xml-text.ts';

/**
 * Every further pole is hinged at the tip of the one before and is like it in all else. The floor sinks and the
 * cameras step back so that a hanging chain stays in view.
 * @param xml the text of assets/cartpole.xml, which has one pole.
 * @param poles how many poles, 1 or more.
 */
export function cartpoleModel(xml: string, poles: number): string {
  let model = xml;
  for (let pole = 2; pole <= poles; pole++) {
    model = insertAfter(
      model,
      `<geom name="pole_${pole - 1}"/>`,
      `<body name="pole_${pole}" pos="0 0 1"><joint name="hinge_${pole}"/><geom name="pole_${pole}"/></body>`,
    );
  }
  if (poles > 1) {
    model = replaceOnce(model, 'pos="0 0 -0.05"', `pos="0 0 ${1 - poles - 0.05}"`);
    model = replaceOnce(model, 'pos="0 -4 1"', `pos="0 ${-1 - 2 * poles} 1"`);
    model = replaceOnce(model, 'pos="0 -2 2"', `pos="0 ${-2 * poles} 2"`);
  }
  return model;
}
