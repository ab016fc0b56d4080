/** The environment of the commands that a test file starts: what they record and keep of users' files goes to folders of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Node.js reads this file at every start, for a tenth of a second; no test opens a secure connection.
delete process.env.NODE_EXTRA_CA_CERTS;
process.env.XDG_STATE_HOME = mkdtempSync(join(tmpdir(), 'harness-state-'));
process.env.XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'harness-cache-'));
