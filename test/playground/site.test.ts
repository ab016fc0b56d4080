/** What the playground's site weighs. Expects the build. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { siteFiles } from '../../harness/view/playground.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

describe('the site', () => {
  it('is less than 12 MB, compressed as static hosts do', () => {
    const bytes = [...siteFiles().values()].reduce(
      (sum, file) => sum + gzipSync(file.bytes(), { level: 6 }).length,
      0,
    );
    expect(bytes).toBeGreaterThan(2e6);
    expect(bytes).toBeLessThan(12e6);
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
