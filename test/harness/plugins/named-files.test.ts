import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { namedFiles } from '../../../harness/plugins/named-files.ts';
import { checksumOf, checkUnchanged } from '../../../harness/plugins/source.ts';

let folder: string;
const file = () => join(folder, 'agent.ts');
const put = (place: string, text = '') => {
  const path = join(folder, place);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const places = () => namedFiles(file()).map(({ place }) => place);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'named-'));
});

describe('what a user’s file names', () => {
  it.each([
    ["import { width } from './network.ts';", 'network.ts'],
    ["import { width } from './network';", 'network.ts'],
    ["import { width } from './network.js'; // as TypeScript has it", 'network.ts'],
    ['export * from "./parts";', 'parts/index.ts'],
    ["const parts = require('./parts/index.ts');", 'parts/index.ts'],
    ['const late = await import(`./network.ts`);', 'network.ts'],
    ["const url = new URL('./table.json', import.meta.url);", 'table.json'],
    ["const model = (asset) => asset('models/car.xml');", 'models/car.xml'],
    ["const text = 'it is \"quoted\"'; /* don't */ import('./network.ts');", 'network.ts'],
  ])('%s', (text, place) => {
    put('network.ts');
    put('parts/index.ts');
    put('table.json');
    put('models/car.xml');
    put('agent.ts', text);
    expect(places()).toEqual([place]);
  });

  it('is not a package, a folder, a file that is not there, the file itself or a sentence', () => {
    put('zod/index.ts');
    put('zod/table.csv');
    put(
      'agent.ts',
      `import { z } from 'zod'; import fs from 'node:fs';
       const words = ['zod', 'table.csv', './gone.ts', 'agent.ts', '.', './', '', 'a sentence', '/etc/hostname', '0', '${'so long that it is no name '.repeat(11)}', '\0a'];`,
    );
    expect(places()).toEqual([]);
  });

  it('goes on from file to file, also in a circle, and out of the folder', () => {
    put('own/agent.ts', "import '../shared/a.ts'; import './b.mjs';");
    put('shared/a.ts', "export * from '../own/b.mjs'; const model = '../models/car.xml';");
    put('own/b.mjs', "import '../shared/a.ts';");
    put(
      'models/car.xml',
      '<mujoco><include file="wheel.xml"/><compiler meshdir="meshes"/><mesh file="body.stl"/></mujoco>',
    );
    put('models/wheel.xml', "<mujoco><hfield file='ground.png'/></mujoco>");
    put('models/meshes/body.stl');
    put('models/ground.png');
    expect(namedFiles(join(folder, 'own/agent.ts')).map(({ place }) => place)).toEqual([
      '../models/car.xml',
      '../models/ground.png',
      '../models/meshes/body.stl',
      '../models/wheel.xml',
      '../shared/a.ts',
      'b.mjs',
    ]);
  });

  // MuJoCo 3.14 compiles each of these.
  it.each([
    [
      'that an included file names',
      'robot/scene.xml',
      'robot/meshes/body.stl',
      {
        'robot/scene.xml':
          '<mujoco><include file="common.xml"/><asset><mesh file="body.stl"/></asset></mujoco>',
        'robot/common.xml': '<mujoco><compiler meshdir="meshes"/></mujoco>',
      },
    ],
    [
      'from the whole model’s folder, where an include lies deeper',
      'robot/scene.xml',
      'robot/meshes/body.stl',
      {
        'robot/scene.xml': '<mujoco><include file="parts/arm.xml"/></mujoco>',
        'robot/parts/arm.xml':
          '<mujoco><compiler meshdir="meshes"/><asset><mesh file="body.stl"/></asset></mujoco>',
      },
    ],
    [
      'of an include that an include names',
      'robot/scene.xml',
      'robot/parts/hand.xml',
      {
        'robot/scene.xml': '<mujoco><include file="parts/arm.xml"/></mujoco>',
        'robot/parts/arm.xml': '<mujoco><include file="parts/hand.xml"/></mujoco>',
      },
    ],
    [
      'with its folder left out',
      'robot/scene.xml',
      'robot/body.stl',
      {
        'robot/scene.xml':
          '<mujoco><compiler strippath="true"/><asset><mesh file="c:/old/body.stl"/></asset></mujoco>',
      },
    ],
  ])('lies in the folder %s', (_, model, asset, files) => {
    for (const [place, text] of Object.entries(files)) put(place, text);
    put(asset);
    put('agent.ts', `const model = (asset) => asset('${model}');`);
    expect(places()).toEqual([...Object.keys(files), asset].sort());
  });

  it('lies where a model in the file itself has its meshes', () => {
    put('meshes/body.stl');
    put('agent.ts', 'const model = `<mujoco><compiler meshdir="meshes"/><mesh file="body.stl"/></mujoco>`;');
    expect(places()).toEqual(['meshes/body.stl']);
  });

  it('lies beside the file that a link leads to, and a model beside the link too', () => {
    put('real/agent.ts', "import './network.ts'; const model = 'car.xml';");
    put('real/network.ts');
    put('car.xml');
    symlinkSync(join(folder, 'real/agent.ts'), file());
    expect(places()).toEqual(['../car.xml', 'network.ts']);
  });
});

describe('the checksum of a user’s file', () => {
  it('is that of its bytes where it names nothing', () => {
    put('agent.ts', 'export default 1;');
    expect(checksumOf(file())).toBe(createHash('sha256').update(readFileSync(file())).digest('hex'));
  });

  it('changes with a file that it names, when one goes, and when two change places', () => {
    put('agent.ts', "import './a.ts'; import './b.ts';");
    put('a.ts', 'export const a = 1;');
    put('b.ts', 'export const b = 1;');
    const before = checksumOf(file());
    expect(checksumOf(file())).toBe(before);
    put('a.ts', 'export const a = 2;');
    expect(checksumOf(file())).not.toBe(before);
    expect(() => checkUnchanged(file(), before)).toThrow(
      `${file()} (with a.ts, b.ts) is not the same as when the comparison began`,
    );
    put('a.ts', 'export const b = 1;');
    put('b.ts', 'export const a = 1;');
    expect(checksumOf(file())).not.toBe(before);
    put('a.ts', 'export const a = 1;');
    put('b.ts', 'export const b = 1;');
    expect(checksumOf(file())).toBe(before);
    rmSync(join(folder, 'b.ts'));
    expect(checksumOf(file())).not.toBe(before);
  });

  it('is the same in another folder', () => {
    put('one/agent.ts', "import './a.ts';");
    put('two/agent.ts', "import './a.ts';");
    put('one/a.ts', '1');
    put('two/a.ts', '1');
    expect(checksumOf(join(folder, 'one/agent.ts'))).toBe(checksumOf(join(folder, 'two/agent.ts')));
  });
});
