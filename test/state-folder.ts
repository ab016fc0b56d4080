/** What the commands of a test file record and keep of users' files goes to folders of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

process.env.XDG_STATE_HOME = mkdtempSync(join(tmpdir(), 'harness-state-'));
process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'harness-cache-'));
