/**
 * Trains in headless Firefox, in the playground, and prints the run's tables as JSON. Needs firefox-esr and WebSocket
 * (Node 22, or Node 20 with --experimental-websocket). The browser is driven by WebDriver BiDi, which Debian's package
 * speaks.
 *
 *     node bench/reproducibility/firefox.mjs AGENT TASK STEPS [EVALUATE_EVERY EPISODES]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { servePlayground } from '../../dist/harness/view/playground.js';

const [agent, task, steps, evaluateEvery = steps / 5, evaluationEpisodes = 2] = process.argv.slice(2);
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
  for (const link of document.querySelectorAll('#downloads a')) texts[link.download] = await blobs.get(link.href).text();
  return JSON.stringify(texts);
})()`;

const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
const playground = await servePlayground('127.0.0.1', 0);
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
  const url = `${playground.address}#${new URLSearchParams(settings)}`;
  await send('browsingContext.navigate', { context, url, wait: 'complete' });
  const { result } = await send('script.evaluate', {
    expression: trainInPage,
    target: { context },
    awaitPromise: true,
  });
  process.stdout.write(result.value);
} finally {
  firefox.kill();
  await new Promise((resolve) => firefox.once('close', resolve));
  rmSync(profile, { recursive: true, force: true });
  await playground.close();
}
