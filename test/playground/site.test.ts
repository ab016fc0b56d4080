/** What the playground's site weighs. Expects the build. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { siteFiles, writeSite } from '../../harness/view/playground.ts';
import { oldBrowserScript } from '../../harness/view/playground-page.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

describe('the script for old browsers', () => {
  /** What it tells in a browser of this kind; undefined if nothing. */
  function told(browser: { readonly modules?: boolean; readonly protocol?: string }): string | undefined {
    const old = { hidden: true, textContent: 'too old' };
    const status = { textContent: 'Loading…' };
    class Worker {
      constructor(_: string, options: { readonly type?: string }) {
        if (browser.modules) void options.type;
        throw new SyntaxError('no address');
      }
    }
    runInNewContext(oldBrowserScript, {
      ...{ Worker, WebAssembly, structuredClone, location: { protocol: browser.protocol ?? 'https:' } },
      document: {
        createElement: () => ({ noModule: false }),
        getElementById: (id: string) => (id === 'old' ? old : status),
      },
    });
    expect(status.textContent).toBe(old.hidden ? 'Loading…' : '');
    return old.hidden ? undefined : old.textContent;
  }

  it('tells of workers that cannot be modules, and of pages that are opened as files', () => {
    expect(told({ modules: true })).toBeUndefined();
    expect(told({ modules: false })).toBe('too old');
    expect(told({ modules: true, protocol: 'file:' })).toMatch(/^This page needs a server/);
  });
});

describe('the site', () => {
  it('is less than 12 MB, compressed as static hosts do', () => {
    const bytes = [...siteFiles().values()].reduce(
      (sum, file) => sum + gzipSync(file.bytes(), { level: 6 }).length,
      0,
    );
    expect(bytes).toBeGreaterThan(2e6);
    expect(bytes).toBeLessThan(12e6);
  });

  it('is written over an earlier one, but over no other files unless it is forced to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'site-'));
    const index = join(folder, 'index.html');
    writeSite(folder);
    writeFileSync(join(folder, 'old.js'), '');
    writeSite(folder);
    expect(readFileSync(join(folder, 'old.js'), 'utf8')).not.toBe('');
    writeFileSync(index, '<h1>My own page</h1>');
    expect(() => writeSite(folder)).toThrow(
      `${index} exists, and no playground wrote it; --force replaces it`,
    );
    expect(readFileSync(index, 'utf8')).toBe('<h1>My own page</h1>');
    writeSite(folder, true);
    expect(readFileSync(index, 'utf8')).toContain('rfm-harness playground');
    rmSync(folder, { recursive: true });
  });

  it.each(['page', 'worker', 'results', 'results-worker', 'method', 'method-worker'])(
    'has less than 1 MB code of its own in %s.js',
    async (name) => {
      const { output } = await build({
        input: join(root, 'playground', `${name}.ts`),
        platform: 'browser',
        external: /^(?![./]|[A-Za-z]:)/, // every package
        write: false,
        output: { format: 'esm', codeSplitting: false, minify: true },
      });
      const size = output.reduce((sum, part) => sum + (part.type === 'chunk' ? part.code.length : 0), 0);
      expect(size).toBeGreaterThan(1000);
      expect(size).toBeLessThan(1e6);
    },
  );
});
