/** Models that use files. Expected: closed forms, and what Python's MuJoCo 3.14 says of the same folders. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ControlEnvironment, defineTask, ModelError, makeEnvironment } from '../../envs/index.ts';
import type { Physics } from '../../envs/physics.ts';
import { loadTask, modelsBeside, resolveTasks } from '../../harness/plugins/load-task.ts';
import { png } from './png.ts';

const root = mkdtempSync(join(tmpdir(), 'model-files-'));
afterAll(() => rmSync(root, { recursive: true }));

type Files = Readonly<Record<string, string | Uint8Array>>;
let folders = 0;

/** A folder with these files; the task would be in its `task`. */
function folderWith(files: Files): string {
  const folder = join(root, `${++folders}`, 'task');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const make = (folder: string, model: string | ((asset: (file: string) => string) => string)) =>
  makeEnvironment(
    defineTask('files-any', {
      model,
      timeLimit: 1,
      observe(physics, observation) {
        observation.add('time', physics.time);
      },
      reward: () => 0,
    }),
    { models: modelsBeside(join(folder, 'task.ts')) },
  );

/** What `look` finds in the model that `main` of a folder compiles to. */
async function compiled<T>(files: Files, main: string, look: (physics: Physics) => T): Promise<T> {
  const environment = await make(folderWith(files), (asset) => asset(main));
  try {
    environment.reset(0);
    return look(environment.physics);
  } finally {
    environment.dispose();
  }
}

/** A cube of given half length: corner i lies at the signs of i's bits. */
const corners = (half: number) =>
  Array.from({ length: 8 }, (_, i) => [4, 2, 1].map((bit) => (i & bit ? half : -half)));
const FACES = ['124', '143', '578', '586', '156', '162', '348', '387', '137', '175', '268', '284'].map(
  (face) => [...face].map((digit) => Number(digit) - 1),
);

const obj = (half: number) =>
  [
    ...corners(half).map((corner) => `v ${corner.join(' ')}`),
    ...FACES.map((face) => `f ${face.map((vertex) => vertex + 1).join(' ')}`),
  ].join('\n');

/** Binary STL: 80 bytes of header, a count, and per face a normal, three corners and two bytes. */
function stl(half: number): Uint8Array {
  const bytes = Buffer.alloc(84 + 50 * FACES.length);
  bytes.writeUInt32LE(FACES.length, 80);
  FACES.forEach((face, i) => {
    face
      .flatMap((vertex) => corners(half)[vertex])
      .forEach((value, j) => {
        bytes.writeFloatLE(value, 84 + 50 * i + 12 + 4 * j);
      });
  });
  return bytes;
}

/** MuJoCo's own format: counts of vertices, normals, texture coordinates and faces, then their numbers. */
function msh(half: number): Uint8Array {
  const bytes = Buffer.alloc(16 + 4 * 24 + 4 * 36);
  [8, 0, 0, 12].forEach((count, i) => {
    bytes.writeInt32LE(count, 4 * i);
  });
  corners(half)
    .flat()
    .forEach((value, i) => {
      bytes.writeFloatLE(value, 16 + 4 * i);
    });
  FACES.flat().forEach((vertex, i) => {
    bytes.writeInt32LE(vertex, 16 + 4 * 24 + 4 * i);
  });
  return bytes;
}

/** Height fields in MuJoCo's own format: rows, columns, heights. */
function heightField(rows: readonly (readonly number[])[]): Uint8Array {
  const bytes = Buffer.alloc(8 + 4 * rows.flat().length);
  bytes.writeInt32LE(rows.length, 0);
  bytes.writeInt32LE(rows[0].length, 4);
  rows.flat().forEach((value, i) => {
    bytes.writeFloatLE(value, 8 + 4 * i);
  });
  return bytes;
}

const model = (assets: string, geom = '', compiler = '') =>
  `<mujoco>${compiler}<asset>${assets}</asset><worldbody>${geom}</worldbody></mujoco>`;
/** A body of a mesh called `cube`, of 1000 kg/m³. */
const BODY = '<body name="cube"><joint type="slide"/><geom type="mesh" mesh="cube"/></body>';
const mass = (physics: Physics) => physics.model('body_mass', 'cube')[0];
const geomNames = (physics: Physics) =>
  Array.from({ length: physics.mjModel.ngeom }, (_, i) => physics.rowName('geom_pos', i));
const geom = (name: string) => `<mujoco><worldbody><geom name="${name}" size=".1"/></worldbody></mujoco>`;

describe('meshes, pictures and height fields', () => {
  // A cube of 0.2 m has 0.008 m³.
  test.each<[string, string | Uint8Array]>([
    ['cube.obj', obj(0.1)],
    ['cube.stl', stl(0.1)],
    ['cube.msh', msh(0.1)],
    ['CUBE.STL', stl(0.1)],
  ])('a mesh in %s has its mass', async (name, content) => {
    const xml = model(`<mesh name="cube" file="${name}"/>`, BODY);
    expect(await compiled({ 'm.xml': xml, [name]: content }, 'm.xml', mass)).toBeCloseTo(8, 5);
  });

  test('a mesh that has changed is read anew, and each folder has its own', async () => {
    const xml = model('<mesh name="cube" file="cube.obj"/>', BODY);
    const one = folderWith({ 'm.xml': xml, 'cube.obj': obj(0.1) });
    const other = folderWith({ 'm.xml': xml, 'cube.obj': obj(0.2) });
    const massIn = async (folder: string) => {
      const environment = await make(folder, (asset) => asset('m.xml'));
      const found = mass(environment.physics);
      environment.dispose();
      return found;
    };
    expect(await massIn(one)).toBeCloseTo(8, 5);
    expect(await massIn(other)).toBeCloseTo(64, 4);
    writeFileSync(join(one, 'cube.obj'), obj(0.15));
    expect(await massIn(one)).toBeCloseTo(27, 4);
    expect(await massIn(other)).toBeCloseTo(64, 4);
  });

  test('a texture has the pixels of its picture', async () => {
    const rows = [
      [255, 0, 0, 0, 255, 0],
      [0, 0, 255, 10, 20, 30],
    ];
    const xml = model('<texture name="t" type="2d" file="t.png"/><material name="m" texture="t"/>');
    const pixels = await compiled({ 'm.xml': xml, 't.png': png(rows, 3) }, 'm.xml', ({ mjModel }) => [
      ...(mjModel.tex_data as Uint8Array).subarray(0, 12),
    ]);
    expect(pixels).toEqual(rows.flat());
  });

  test('a height field has the heights of its picture, from the bottom up, highest 1', async () => {
    const xml = model('<hfield name="h" file="h.png" size="1 1 1 .1"/>', '<geom type="hfield" hfield="h"/>');
    const rows = [
      [0, 51, 102],
      [255, 204, 153],
    ];
    const heights = await compiled({ 'm.xml': xml, 'h.png': png(rows, 1) }, 'm.xml', ({ mjModel }) => [
      ...mjModel.hfield_data,
    ]);
    expect(heights).toEqual([1, 0.8, 0.6, 0, 0.2, 0.4].map(Math.fround));
  });

  test('a height field in a file of MuJoCo is scaled to [0, 1]', async () => {
    const xml = model('<hfield name="h" file="h.bin" size="1 1 1 .1"/>', '<geom type="hfield" hfield="h"/>');
    const field = heightField([
      [2, 4],
      [6, 10],
    ]);
    const heights = await compiled({ 'm.xml': xml, 'h.bin': field }, 'm.xml', ({ mjModel }) => [
      ...mjModel.hfield_data,
    ]);
    expect(heights).toEqual([0, 0.25, 0.5, 1].map(Math.fround));
  });
});

describe('a mesh is found as MuJoCo finds it', () => {
  const mesh = (file: string) => `<mesh name="cube" file="${file}"/>`;
  test.each<[string, string, Files]>([
    [
      'in meshdir',
      model(mesh('cube.obj'), BODY, '<compiler meshdir="parts/meshes"/>'),
      { 'parts/meshes/cube.obj': obj(0.1) },
    ],
    [
      'in assetdir',
      model(mesh('cube.obj'), BODY, '<compiler assetdir="parts"/>'),
      { 'parts/cube.obj': obj(0.1) },
    ],
    [
      'in meshdir rather than assetdir',
      model(mesh('cube.obj'), BODY, '<compiler assetdir="a" meshdir="b"/>'),
      { 'a/cube.obj': obj(0.5), 'b/cube.obj': obj(0.1) },
    ],
    [
      'by strippath',
      model(mesh('/home/somebody/cube.obj'), BODY, '<compiler strippath="true" meshdir="m"/>'),
      { 'm/cube.obj': obj(0.1) },
    ],
    [
      'outside the folder',
      model(mesh('cube.obj'), BODY, '<compiler meshdir="../meshes"/>'),
      { '../meshes/cube.obj': obj(0.1) },
    ],
    ['by an entity of XML', model(mesh('a&amp;b&apos;s&#x20;&#228;.obj'), BODY), { "a&b's ä.obj": obj(0.1) }],
    ['with backslashes', model(mesh('parts\\cube.obj'), BODY), { 'parts/cube.obj': obj(0.1) }],
    [
      'in an included file of another folder',
      '<mujoco><include file="parts/cube.xml"/></mujoco>',
      { 'parts/cube.xml': model(mesh('cube.obj'), BODY), 'parts/cube.obj': obj(0.1) },
    ],
  ])('%s', async (_, xml, files) => {
    expect(await compiled({ 'm.xml': xml, ...files }, 'm.xml', mass)).toBeCloseTo(8, 5);
  });

  test('by its absolute path', async () => {
    const folder = folderWith({ 'cube.obj': obj(0.1) });
    const xml = model(mesh(join(folder, 'cube.obj')), BODY);
    expect(await compiled({ 'm.xml': xml }, 'm.xml', mass)).toBeCloseTo(8, 5);
  });

  test('from the folder of the model, not of the task', async () => {
    const files = {
      'robots/one/m.xml': model(mesh('cube.obj'), BODY, '<compiler meshdir="../meshes"/>'),
      'robots/meshes/cube.obj': obj(0.1),
    };
    expect(await compiled(files, 'robots/one/m.xml', mass)).toBeCloseTo(8, 5);
  });

  test('where the task has built the text from a file in a folder, from there or from the folder of the task', async () => {
    const files = {
      'robots/m.xml': model('ASSETS', BODY),
      'robots/one.obj': obj(0.1),
      'meshes/two.obj': obj(0.2),
    };
    const massOf = async (file: string) => {
      const environment = await make(folderWith(files), (asset) =>
        asset('robots/m.xml').replace('ASSETS', mesh(file)),
      );
      const found = mass(environment.physics);
      environment.dispose();
      return found;
    };
    expect(await massOf('one.obj')).toBeCloseTo(8, 5);
    expect(await massOf('meshes/two.obj')).toBeCloseTo(64, 4);
  });
});

describe('includes and attached models', () => {
  test.each<[string, Files, string[]]>([
    [
      'a file in a folder',
      { 'm.xml': '<mujoco><include file="a/one.xml"/></mujoco>', 'a/one.xml': geom('one') },
      ['one'],
    ],
    [
      'single quotes, spaces and other attributes',
      { 'm.xml': "<mujoco><include\n\tfile = 'one.xml' /></mujoco>", 'one.xml': geom('one') },
      ['one'],
    ],
    [
      'relative to the including file',
      {
        'm.xml': '<mujoco><include file="a/one.xml"/></mujoco>',
        'a/one.xml': '<mujoco><include file="two.xml"/></mujoco>',
        'a/two.xml': geom('beside one'),
      },
      ['beside one'],
    ],
    [
      'relative to the main file',
      {
        'm.xml': '<mujoco><include file="a/one.xml"/></mujoco>',
        'a/one.xml': '<mujoco><include file="two.xml"/></mujoco>',
        'two.xml': geom('beside main'),
      },
      ['beside main'],
    ],
    [
      'nothing in a comment',
      { 'm.xml': `<mujoco><!-- <include file="old.xml"/> -->${geom('one').slice(8)}` },
      ['one'],
    ],
    [
      'nothing in a text',
      {
        'm.xml': `<mujoco><custom><text name="t" data="&lt;include file='old.xml'/>"/></custom>${geom('one').slice(8)}`,
      },
      ['one'],
    ],
    [
      'an entity',
      { 'm.xml': "<mujoco><include file='parts/it&apos;s.xml'/></mujoco>", "parts/it's.xml": geom('one') },
      ['one'],
    ],
    [
      'a file with a byte order mark',
      { 'm.xml': '\ufeff<mujoco><include file="one.xml"/></mujoco>', 'one.xml': `\ufeff${geom('one')}` },
      ['one'],
    ],
    [
      'an attached model with a mesh of its own folder',
      {
        'm.xml':
          '<mujoco><asset><model name="part" file="parts/part.xml"/></asset><worldbody><frame><attach model="part" body="cube" prefix="p_"/></frame></worldbody></mujoco>',
        'parts/part.xml': model(
          '<mesh name="cube" file="cube.stl"/>',
          BODY.replace('<geom', '<geom name="mesh"'),
          '<compiler meshdir="meshes"/>',
        ),
        'parts/meshes/cube.stl': stl(0.1),
      },
      ['p_mesh'],
    ],
  ])('%s', async (_, files, names) => {
    expect(await compiled(files, 'm.xml', geomNames)).toEqual(names);
  });

  test('a packaged file is included where the task has none', async () => {
    const xml = '<mujoco><include file="pendulum.xml"/></mujoco>';
    expect(await compiled({ 'm.xml': xml }, 'm.xml', (physics) => physics.id('joint', 'hinge'))).toBe(0);
  });
});

test('a task that is reached by a link finds its modules and models beside the file that the link leads to', async () => {
  const folder = folderWith({
    'task.mjs': `import { defineTask } from 'rfm-harness';
      import { height } from './height.mjs';
      export default defineTask('linked-any', { model: (asset) => asset('m.xml'), timeLimit: 1,
        observe(physics, observation) { observation.add('height', height(physics)); }, reward: () => 0 });`,
    'height.mjs': "export const height = (physics) => physics.data('xpos', 'cube')[2];",
    'm.xml': model('<mesh name="cube" file="cube.obj"/>', BODY)
      .replace('<joint', '<joint name="slide"')
      .replace('</mujoco>', '<actuator><motor joint="slide" ctrlrange="-1 1"/></actuator></mujoco>'),
    'cube.obj': obj(0.1),
  });
  const link = join(folderWith({}), 'linked.mjs');
  symlinkSync(join(folder, 'task.mjs'), link);
  const [task] = await resolveTasks([link]);
  expect(task.name).toBe('linked-any');
  const environment = (await (await loadTask(task))()) as ControlEnvironment;
  expect(mass(environment.physics)).toBeCloseTo(8, 5);
  environment.dispose();
});

describe('a file that is not there', () => {
  test.each<[string, string, RegExp]>([
    [
      'a mesh',
      model('<mesh name="cube" file="none.obj"/>', BODY),
      /files-any: Error: Error opening file 'none\.obj'; no model file 'none\.obj' beside .*task\.ts or in assets/,
    ],
    [
      'a mesh of a model with a folder of textures too',
      model('<mesh name="cube" file="none.obj"/><texture name="t" type="2d" file="one.png"/>', BODY).replace(
        '>',
        '><compiler meshdir="parts" texturedir="tex"/>',
      ),
      /Error opening file 'parts\/none\.obj'; no model file 'parts\/none\.obj' beside/,
    ],
    [
      'an include',
      '<mujoco><include file="none.xml"/></mujoco>',
      /XML Error: Error opening file 'none\.xml'; Element 'include', line 1; no model file 'none\.xml'/,
    ],
    ['a folder', '<mujoco><include file="parts"/></mujoco>', /Error opening file 'parts'/],
  ])('%s is named', async (_, xml, message) => {
    const made = make(folderWith({ 'm.xml': xml, 'parts/one.xml': '', 'tex/one.png': '' }), (asset) =>
      asset('m.xml'),
    );
    await expect(made).rejects.toThrow(ModelError);
    await expect(made).rejects.toThrow(message);
  });

  test('is not looked for outside where the models have no folder', async () => {
    const asked: string[] = [];
    const models = (file: string) => {
      asked.push(file);
      throw new Error('none');
    };
    const xml = model('<mesh name="cube" file="../../../../etc/passwd"/>', BODY);
    const task = defineTask('files-any', { model: xml, timeLimit: 1, observe() {}, reward: () => 0 });
    await expect(makeEnvironment(task, { models })).rejects.toThrow(/Error opening file/);
    expect(asked).toEqual([]);
  });
});
