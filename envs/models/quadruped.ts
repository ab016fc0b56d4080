/** The quadruped's arenas, all made from the one description in assets/quadruped.xml. */
import { insertBefore, replaceOnce } from './xml-text.ts';

/** What surrounds the quadruped. */
export interface QuadrupedArena {
  /** Half the side of the square floor, m. */
  readonly floor: number;
  /** A ball, a target on the floor and slanted walls around it. */
  readonly ball?: boolean;
  /** The height field `terrain` lies on the floor; it is flat until a reset fills it. */
  readonly terrain?: boolean;
  /** Rangefinders along the rays of the face. */
  readonly rangefinders?: boolean;
}

const RAYS = [0, 1, 2, 3].flatMap((row) => [0, 1, 2, 3, 4].map((column) => `rf_${row}${column}`));

/** Distance of the middle of each wall beyond the edge of the floor, and its height (m). */
const WALL = 0.7;

/**
 * @param xml the text of assets/quadruped.xml.
 * @returns the MJCF text of the quadruped in the given arena.
 */
export function quadrupedModel(xml: string, { floor, ball, terrain, rangefinders }: QuadrupedArena): string {
  let model = replaceOnce(xml, 'size="10 10 0.5"', `size="${floor} ${floor} 0.5"`);
  if (terrain) model = insertBefore(model, '</worldbody>', TERRAIN);
  if (ball) {
    model = insertBefore(model, '</asset>', BALL_MATERIAL);
    model = insertBefore(model, '</worldbody>', walls(floor) + TARGET + BALL);
  }
  if (rangefinders) {
    const sensors = RAYS.map((ray) => `<rangefinder name="${ray}" site="${ray}"/>`).join('\n');
    model = insertBefore(model, '</sensor>', sensors);
  }
  return model;
}

const TERRAIN = '<geom name="terrain" type="hfield" hfield="terrain" pos="0 0 -0.01" rgba="0.2 0.3 0.4 1"/>';

const TARGET = '<site name="target" type="cylinder" pos="0 0 0.05" size="0.4 0.06"/>\n';

const BALL_MATERIAL = `
  <texture name="ball" type="cube" builtin="checker" rgb1="0.6 0.6 0.6" rgb2="1 1 1" width="32" height="32"/>
  <material name="ball" texture="ball"/>
`;

// The contact's stiffness and damping are given directly (negative solref): the ball bounces.
const BALL = `
  <body name="ball" pos="0 0 3">
    <freejoint name="ball_root"/>
    <light name="ball_lamp" mode="trackcom" pos="0 0 10"/>
    <geom name="ball" type="sphere" size="0.15" material="ball" condim="6" priority="1"
          friction="0.7 0.005 0.005" solref="-10000 -30"/>
  </body>
`;

/** Four walls at 45° around a floor, each named after the direction in which it faces. */
function walls(floor: number): string {
  const distance = floor + WALL;
  const wall = (name: string, pos: string, size: string, zaxis: string): string =>
    `<geom name="wall_${name}" type="plane" pos="${pos} ${WALL}" size="${size} 0.5" zaxis="${zaxis}" material="decoration"/>\n`;
  return [
    wall('px', `${-distance} 0`, `1 ${floor}`, '1 0 1'),
    wall('py', `0 ${-distance}`, `${floor} 1`, '0 1 1'),
    wall('nx', `${distance} 0`, `1 ${floor}`, '-1 0 1'),
    wall('ny', `0 ${distance}`, `${floor} 1`, '0 -1 1'),
  ].join('');
}
