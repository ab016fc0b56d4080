/**
 * Trains in a headless browser, in the playground, and prints the run's tables as JSON. Needs Debian's chromium or
 * firefox-esr. Firefox is driven by WebDriver BiDi, which Debian's package speaks, and needs WebSocket (Node 22, or
 * Node 20 with --experimental-websocket).
 *
 *     node bench/reproducibility/browser.mjs chromium|firefox AGENT TASK STEPS [EVALUATE_EVERY EPISODES]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { servePlayground } from '../../dist/harness/view/playground.js';

const [browser, agent, task, steps, evaluateEvery = steps / 5, evaluationEpisodes = 2] =
  process.argv.slice(2);
const settings = {
  task,
  steps,
  evaluateEvery,
  evaluationEpisodes,
  seeds: 0,
  agent: `${agent} smoke`,
};

/** Run in the page: presses Train, waits for the end, and reads what the links for download hold. */
const trainInPage = `(async () => {
  const texts = {};
  const createObjectURL = URL.createObjectURL;
  const blobs = new Map();
  URL.createObjectURL = (blob) => {
    const address = createObjectURL.call(URL, blob);
    blobs.set(address, blob);
    return address;
  };
  const wait = () => new Promise((resolve) => setTimeout(resolve, 100));
  const find = (selector) => document.querySelector(selector);
  while (find('#train').disabled) await wait();
  find('#train').click();
  while (!/^(Done|Stopped|Failed|The training)/.test(find('#status').textContent)) await wait();
  for (const link of document.querySelectorAll('#downloads a[download$=".csv"]')) texts[link.download] = await blobs.get(link.href).text();
  return JSON.stringify(texts);
})()`;

async function inChromium(url) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const program = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] });
  try {
    const page = await program.newPage();
    await page.goto(url);
    return await page.evaluate(trainInPage);
  } finally {
    await program.close();
  }
}

async function inFirefox(url) {
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
  const words = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const firefox = spawn('firefox-esr', words, { env: { ...process.env, HOME: profile } });
  try {
    const address = await new Promise((resolve, reject) => {
      firefox.on('error', reject);
      firefox.stderr.on('data', (text) => {
        const found = /WebDriver BiDi listening on (ws:\S+)/.exec(String(text));
        if (found !== null) resolve(`${found[1]}/session`);
      });
    });
    const socket = new WebSocket(address);
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const answers = new Map();
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data);
      answers.get(message.id)?.(message);
    });
    const send = (method, params) =>
      new Promise((resolve, reject) => {
        const id = answers.size;
        answers.set(id, ({ type, result, message }) =>
          type === 'error' ? reject(new Error(message)) : resolve(result),
        );
        socket.send(JSON.stringify({ id, method, params }));
      });
    await send('session.new', { capabilities: {} });
    const [{ context }] = (await send('browsingContext.getTree', {})).contexts;
    await send('browsingContext.navigate', { context, url, wait: 'complete' });
    const { result } = await send('script.evaluate', {
      expression: trainInPage,
      target: { context },
      awaitPromise: true,
    });
    return result.value;
  } finally {
    firefox.kill();
    await new Promise((resolve) => firefox.once('close', resolve));
    rmSync(profile, { recursive: true, force: true });
  }
}

const browsers = { chromium: inChromium, firefox: inFirefox };
const train = browsers[browser];
if (train === undefined)
  throw new Error(`a browser is one of ${Object.keys(browsers).join(', ')}, not ${browser}`);
const playground = await servePlayground('127.0.0.1', 0);
try {
  process.stdout.write(await train(`${playground.address}#${new URLSearchParams(settings)}`));
} finally {
  await playground.close();
}
