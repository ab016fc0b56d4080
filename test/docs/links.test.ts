/**
 * What the Markdown files link is in the repository, and for the packed ones in the package too: a link to a file that git
 * does not track, or that npm does not pack, is dead for everybody else.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((name) => name !== '');
/** Files and folders that a link can lead to. */
interface Tree {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  /** How a fault says that a name is not there. */
  readonly lacks: string;
}

const treeOf = (names: readonly string[], lacks: string): Tree => ({
  files: new Set(names),
  folders: new Set(names.flatMap(foldersAbove)),
  lacks,
});

const repository = treeOf(tracked, 'git does not track');
const { files, folders } = repository;
const packed = packedFiles();
const pages = tracked.filter((name) => name.endsWith('.md'));

/** What `npm pack` would put into the package. */
function packedFiles(): string[] {
  const words = ['pack', '--dry-run', '--ignore-scripts', '--json', '--silent'];
  const text = execFileSync('npm', words, { cwd: root, encoding: 'utf8' });
  // Newer versions of npm answer with an object by the package's name.
  const [pack] = Object.values(JSON.parse(text) as { files: { path: string }[] }[]);
  return pack.files.map(({ path }) => path);
}

function foldersAbove(name: string): string[] {
  const above = posix.dirname(name);
  return above === '.' ? ['.'] : [above, ...foldersAbove(above)];
}

const read = (name: string) => readFileSync(join(root, name), 'utf8');

const withoutBlocks = (page: string) => page.replace(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, '');

/** The text outside code: without fenced blocks and spans. */
const prose = (page: string) => withoutBlocks(page).replace(/(`+)[^`]*?\1/g, '');

/** Targets of links, images, reference definitions and HTML attributes. */
function targets(page: string): string[] {
  const text = prose(page);
  const patterns = [
    /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
    /^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm,
    /\b(?:src|href)="([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, target]) => target));
}

/** Files of code or text that a page or a comment names by their path in the repository; NAME stands for any. */
function citations(page: string): string[] {
  const path =
    /(?<![\w./-])((?:agents|ablations|bench|bin|docs|engine|envs|examples|harness|math|playground|test)\/(?!\S*NAME)[\w./-]+\.(?:ts|py|md|json))\b/g;
  return [...page.matchAll(path)].map(([, name]) => name);
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading] of withoutBlocks(page).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const shown = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = shown
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replace(/ /g, '-');
    let name = slug;
    for (let i = 1; found.has(name); i++) name = `${slug}-${i}`;
    found.add(name);
  }
  return found;
}

/** Why a link leads nowhere; undefined if it leads somewhere, or out of the tree. */
function fault(page: string, target: string, tree = repository): string | undefined {
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) return undefined;
  const [path, anchor] = target.split('#', 2).map(decodeURIComponent);
  const name = path === '' ? page : posix.normalize(posix.join(dirname(page), path)).replace(/\/$/, '');
  if (!tree.files.has(name) && !tree.folders.has(name)) return `${tree.lacks} ${name}`;
  if (anchor === undefined || !name.endsWith('.md')) return undefined;
  return anchors(read(name)).has(anchor) ? undefined : `${name} has no heading #${anchor}`;
}

const faultsOf = (page: string, tree: Tree) =>
  targets(read(page)).flatMap((target) => {
    const found = fault(page, target, tree);
    return found === undefined ? [] : [`${target}: ${found}`];
  });

describe('relative links', () => {
  it.each(pages)('of %s lead to tracked files and headings', (page) => {
    expect(faultsOf(page, repository)).toEqual([]);
  });

  it.each(packed.filter((name) => name.endsWith('.md')))('of %s work in the package', (page) => {
    expect(faultsOf(page, treeOf(packed, 'the package lacks'))).toEqual([]);
  });

  it('of the package are those of README and docs', () => {
    expect(packed).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/agents.md']));
    expect(packed).not.toContain('test/docs/links.test.ts');
    const test = fault('README.md', 'test/docs/links.test.ts', treeOf(packed, 'the package lacks'));
    expect(test).toBe('the package lacks test/docs/links.test.ts');
  });

  it.each(pages)('of %s in code name files that exist', (page) => {
    expect(citations(read(page)).filter((name) => !files.has(name))).toEqual([]);
  });

  it('of comments in code name files that exist', () => {
    const comment = /^\s*(?:\/?\*+|\/\/)(.*)| \/\/ (.*)$/gm;
    const faults = tracked
      .filter((name) => /\.(ts|js|mjs)$/.test(name) && existsSync(join(root, name)))
      .flatMap((name) => {
        const text = [...read(name).matchAll(comment)].map(([, line, end]) => line ?? end).join('\n');
        return citations(text).flatMap((cited) => (files.has(cited) ? [] : [`${name}: ${cited}`]));
      });
    expect(faults).toEqual([]);
  });

  it('are found in every form, and not in code', () => {
    const page = [
      'See [a](a.md), ![b](<b.png> "title") and [c]. `[no](no.md)`',
      '[c]: c.md#part',
      '<img src="d.jpg" width="9"> <a href="e.md">',
      '```md',
      '[no](no.md)',
      '```',
    ].join('\n');
    expect(targets(page)).toEqual(['a.md', 'b.png', 'c.md#part', 'd.jpg', 'e.md']);
  });

  it('are refused where a file is missing or not tracked, and where a heading is', () => {
    expect(fault('docs/agents.md', 'nowhere.md')).toBe('git does not track docs/nowhere.md');
    expect(fault('README.md', 'node_modules')).toBe('git does not track node_modules');
    expect(fault('docs/agents.md', '../agents')).toBeUndefined();
    expect(fault('docs/agents.md', '#no-such-part')).toBe('docs/agents.md has no heading #no-such-part');
    expect(fault('README.md', 'https://example.org/x.md')).toBeUndefined();
  });

  it('name headings as GitHub does', () => {
    const page = '# One `t_min`, twice!\n## A\n## A\n### [Link](x.md) & more\n';
    expect([...anchors(page)]).toEqual(['one-t_min-twice', 'a', 'a-1', 'link--more']);
  });
});

describe('results/README.md', () => {
  const page = read('results/README.md');
  /** The folder that a link from the page leads to or into, as results/NAME; undefined if it leads elsewhere. */
  const folderOf = (target: string) => {
    if (/^([a-z]+:|\.\.|#)/i.test(target)) return undefined;
    const name = posix.join('results', target);
    return folders.has(name) || !posix.basename(name).includes('.') ? name : posix.dirname(name);
  };
  const named = [...new Set(targets(page).map(folderOf))].filter((folder) => folder !== undefined);
  /** The command of a folder's row. */
  const commandOf = (folder: string) => {
    const row = page.split('\n').find((line) =>
      targets(line.split('|')[1] ?? '')
        .map(folderOf)
        .includes(folder),
    );
    return /`npx harness ([^`]*)`/.exec(row ?? '')?.[1] ?? '';
  };
  const inside = (folder: string) => tracked.filter((name) => name.startsWith(`${folder}/`));
  /** An ablation keeps its comparison in a folder below. */
  const manifests = (folder: string) =>
    inside(folder).filter((name) => posix.basename(name) === 'manifest.json');

  it('names folders of results, each with its command', () => {
    expect(named.length).toBeGreaterThan(5);
    for (const folder of named) expect(commandOf(folder), folder).toMatch(/^(compare|report|ablate) /);
  });

  it.each(named)('%s has its numbers, and a manifest that says how they were made', (folder) => {
    expect(
      inside(folder).filter((name) => posix.dirname(name) === folder && name.endsWith('.csv')),
    ).not.toEqual([]);
    const command = commandOf(folder);
    if (command.startsWith('report ')) {
      // A report of comparisons has theirs.
      const parts = command.split(' --out')[0].split(' ').slice(1);
      for (const part of parts) expect(manifests(`results/${part}`), part).not.toEqual([]);
    } else if (command.startsWith('ablate toy ')) {
      // It trains no agent and so makes no comparison; its page holds the settings.
      expect(read(`${folder}/report.html`)).toContain('harness ablate toy');
    } else {
      expect(manifests(folder)).not.toEqual([]);
    }
  });
});
