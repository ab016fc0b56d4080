import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The table of docs/architecture.md: what the files of each folder may import. */
const mayImport: Record<string, RegExp[]> = {
  math: [/^math\//],
  names: [/^names\//, /node_modules\/fastest-levenshtein\//],
  envs: [/^envs\//, /^math\//, /^names\//, /node_modules\/@mujoco\/mujoco\//],
  engine: [/^engine\//, /^math\//, /node_modules\/(@tensorflow\/|protobufjs\/|long\/)/],
  agents: [/^agents\//, /^engine\//, /^math\//, /^names\//, /node_modules\/(@tensorflow\/tfjs-core|zod)\//],
};

/** Asks for what is Node's at run time, and says that there is no machine code where there is no Node. */
const asksForNode = 'engine/codegen/x86/memory.ts';

/** What Node has and browsers have not. */
const NODE_ALONE = /\bprocess\.|\bBuffer\b|\b__dirname\b|\bglobal\.|\brequire\(/;
/**
 * All of Math but what is exact, constants, and the root that IEEE 754 rounds; powers but those of two; and what depends
 * on the host's language.
 */
const openFunctions =
  /Math\.(?!(?:abs|ceil|clz32|floor|fround|imul|max|min|round|sign|sqrt|trunc|E|LN2|LOG2E|PI|SQRT1_2|SQRT2)\b)\w+|(?<!\b2) \*\*|\*\* (?!-?\d)|localeCompare|toLocale\w+|\bIntl\b/g;

/** Beside their own folders: what no folder but these may import. */
const portable = Object.keys(mayImport);

describe('the architecture', () => {
  let result: ICruiseResult;

  beforeAll(async () => {
    const { output } = await cruise(
      ['index.ts', 'math', 'names', 'envs', 'engine', 'agents', 'harness', 'ablations', 'playground'],
      {
        baseDir: root,
        doNotFollow: { path: 'node_modules' },
        tsPreCompilationDeps: true,
        validate: true,
        ruleSet: {
          forbidden: [
            {
              name: 'no-cycle',
              severity: 'error',
              from: {},
              to: { circular: true },
            },
          ],
        },
        enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
      },
    );
    if (typeof output === 'string') throw new Error(output);
    result = output;
  }, 300_000);

  it('sees the source files and what they import', () => {
    const durable = result.modules.find(({ source }) => source === 'harness/files/durable.ts');
    expect(durable?.dependencies.map(({ resolved }) => resolved)).toEqual(
      expect.arrayContaining(['crypto', 'fs', 'path', 'harness/text/errors.ts']),
    );
    for (const folder of ['envs', 'engine', 'agents', 'harness']) {
      expect(result.modules.filter(({ source }) => source.startsWith(`${folder}/`)).length).toBeGreaterThan(
        5,
      );
    }
  });

  it.each(portable)('%s imports only what the table allows', (folder) => {
    const strays = result.modules
      .filter(({ source }) => source.startsWith(`${folder}/`))
      .flatMap(({ source, dependencies }) =>
        dependencies
          .filter(({ resolved }) => !mayImport[folder].some((allowed) => allowed.test(resolved)))
          .map(({ module }) => `${source} → ${module}`),
      );
    expect(strays).toEqual([]);
  });

  it.each(portable)('%s uses nothing of Node, so that it runs in a browser too', (folder) => {
    const files = filesOf(join(root, folder)).filter((file) => file !== join(root, asksForNode));
    const strays = files.flatMap((file) => {
      const code = withoutComments(readFileSync(file, 'utf8'));
      const found = code.match(NODE_ALONE);
      return found === null ? [] : [`${file.slice(root.length)}: ${found[0]}`];
    });
    expect(strays).toEqual([]);
  });

  it('has a run, from its parts to its tables, that a browser can carry out too', () => {
    const modules = new Map(result.modules.map((module) => [module.source, module]));
    const seen = new Set<string>();
    const strays: string[] = [];
    const visit = (source: string, by: string): void => {
      if (seen.has(source)) return;
      seen.add(source);
      const module = modules.get(source);
      if (module?.coreModule) strays.push(`${by} → ${source}`);
      for (const { resolved, dependencyTypes } of module?.dependencies ?? []) {
        if (!dependencyTypes.includes('type-only')) visit(resolved, source);
      }
    };
    for (const core of ['parts', 'loop', 'rows']) visit(`harness/run/${core}.ts`, '');
    visit('agents/registry.ts', '');
    for (const script of ['page', 'worker', 'results', 'results-worker', 'method', 'method-worker'])
      visit(`playground/${script}.ts`, '');
    expect(strays).toEqual([]);
    expect([...seen]).toEqual(expect.arrayContaining(['agents/rfm/algorithm.ts', 'envs/physics.ts']));
    for (const file of [...seen].filter((file) => file.startsWith('harness/'))) {
      const code = withoutComments(readFileSync(join(root, file), 'utf8'));
      expect(code, file).not.toMatch(NODE_ALONE);
    }
  });

  it('takes no function whose result ECMAScript leaves open on the way from a seed to a result', () => {
    const imports = new Map(
      result.modules.map(({ source, dependencies }) => [
        source,
        dependencies.map(({ resolved }) => resolved),
      ]),
    );
    const way = new Set([
      'harness/run/assemble.ts',
      'harness/run/loop.ts',
      'agents/registry.ts',
      'envs/index.ts',
    ]);
    for (const file of way)
      for (const next of imports.get(file) ?? []) if (/^[^.]*\.ts$/.test(next)) way.add(next);
    expect([...way]).toEqual(
      expect.arrayContaining([
        'envs/domains/walker.ts',
        'agents/dqs/noise.ts',
        'engine/random.ts',
        'engine/codegen/wasm/steps.ts',
        'harness/run/rows.ts',
      ]),
    );
    way.delete('engine/trace/random-draws.ts'); // refuses Math.random
    const strays = [...way].flatMap((file) => {
      const code = withoutComments(readFileSync(join(root, file), 'utf8'));
      return (code.match(openFunctions) ?? []).map((found) => `${file}: ${found}`);
    });
    expect(strays).toEqual([]);
  });

  it('nothing imports the command, nor tests', () => {
    const strays = result.modules.flatMap(({ source, dependencies }) =>
      dependencies
        .filter(
          ({ resolved }) => /^(test|bench|examples)\//.test(resolved) || /^harness\/cli\//.test(resolved),
        )
        .filter(() => !source.startsWith('harness/cli/'))
        .map(({ resolved }) => `${source} → ${resolved}`),
    );
    expect(strays).toEqual([]);
  });

  it('has no circles of imports, of types neither', () => {
    const cycles = result.summary.violations.map(({ from, to }) => `${from} → ${to}`);
    expect(cycles).toEqual([]);
  });

  it('keeps instruction sets out of engine/kernels', () => {
    const strays = result.modules
      .filter(({ source }) => source.startsWith('engine/kernels/'))
      .flatMap(({ source, dependencies }) =>
        dependencies
          .filter(({ resolved }) => /^engine\/(codegen|onnx)\//.test(resolved))
          .map(({ resolved }) => `${source} → ${resolved}`),
      );
    expect(strays).toEqual([]);
  });

  it('has rooms in harness/ that know only those above them in docs/architecture.md', () => {
    const documented = readFileSync(join(root, 'docs/architecture.md'), 'utf8').split(
      '## The rooms of harness/',
    )[1];
    const order = [...documented.matchAll(/^\| `(\w+)\/` \|/gm)].map(([, room]) => room);
    const entries = readdirSync(join(root, 'harness'), { withFileTypes: true });
    expect(entries.filter((entry) => !entry.isDirectory())).toEqual([]);
    expect(entries.map(({ name }) => name).sort()).toEqual([...order].sort());
    expect(order.length).toBeLessThanOrEqual(16);
    const roomOf = (file: string) => order.indexOf(/^harness\/(\w+)\//.exec(file)?.[1] ?? '');
    const upwards = result.modules.flatMap(({ source, dependencies }) =>
      dependencies
        .filter(({ resolved }) => roomOf(source) >= 0 && roomOf(resolved) > roomOf(source))
        .map(({ resolved }) => `${source} → ${resolved}`),
    );
    expect(upwards).toEqual([]);
  });

  it('has no drawer for leftovers', () => {
    const names = [...portable, 'harness'].flatMap((folder) => filesOf(join(root, folder)));
    expect(names.filter((name) => /(^|\/)(utils?|helpers?|common|misc)(\.ts|\/)/.test(name))).toEqual([]);
  });
});

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
