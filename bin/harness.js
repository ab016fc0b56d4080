#!/usr/bin/env node
import { main } from '../dist/harness/cli/main.js';

// Nobody reads the progress any more (`2>&1 | head`): hours of training shall not end with that.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
const code = await main();
// A pipe takes 64 kB at a time; leaving earlier would cut off what it has not taken yet.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.on('error', resolve).write('', resolve));
}
process.exit(code);
