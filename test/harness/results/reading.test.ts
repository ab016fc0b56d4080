/** Tables that cannot be read end with one line that names the file and the line. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTable } from '../../../harness/files/csv.ts';
import { formatTable } from '../../../harness/files/table.ts';
import { readEvaluations, readManifest, readScores } from '../../../harness/results/read-files.ts';
import { compareNames, joinRuns, runKey } from '../../../harness/results/runs.ts';
import { parseTrainingRows } from '../../../harness/results/training.ts';
import { UserError } from '../../../harness/text/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tables-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scores = (text: string): string => {
  const file = join(folder, 'scores.csv');
  writeFileSync(file, text);
  return file;
};
const evaluations = (text: string, name = 'run'): string => {
  const directory = join(folder, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'evaluations.csv'), text);
  return directory;
};
const complaint = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).not.toContain('\n');
    return message.replace(`${folder}/`, '');
  }
  throw new Error('nothing was wrong');
};

describe('complaints', () => {
  it.each([
    ['', 'scores.csv, line 1: empty; expected columns task, agent, seed, score'],
    ['\n\n', 'scores.csv, line 1: empty; expected columns task, agent, seed, score'],
    ['task,agent,seed,score\n', 'scores.csv, line 2: no scores'],
    ['task,agent,score\na,b,1\n', "scores.csv, line 1: no column 'seed'; found task, agent, score"],
    [
      'task;agent;seed;score\na;b;0;1\n',
      "scores.csv, line 1: no column 'task', 'agent', 'seed', 'score'; found task;agent;seed;score; commas must separate columns",
    ],
    ['task,agent,seed,score,score\na,b,0,1,2\n', "scores.csv, line 1: column 'score' twice"],
    ['task,agent,seed,score\na,b,0,1\na,b,1\n', 'scores.csv, line 3: 3 cells, the header has 4 columns'],
    ['task,agent,seed,score\na,b,0,1\na,b,1,2,9\n', 'scores.csv, line 3: 5 cells, the header has 4 columns'],
    [
      'task,agent,seed,score\na,b,0,high\n',
      "scores.csv, line 2: 'score' is 'high', expected a finite number",
    ],
    ['task,agent,seed,score\na,b,0,NaN\n', "scores.csv, line 2: 'score' is 'NaN', expected a finite number"],
    ['task,agent,seed,score\na,b,0,inf\n', "scores.csv, line 2: 'score' is 'inf', expected a finite number"],
    ['task,agent,seed,score\na,b,0,\n', "scores.csv, line 2: 'score' is empty, expected a number"],
    ['task,agent,seed,score\na,,0,1\n', "scores.csv, line 2: 'agent' is empty"],
    [
      'task,agent,seed,score\na,b,0,1\na,b,1,1\na,b,0,2\n',
      "scores.csv, line 4: task 'a', agent 'b', seed 0 again, already at scores.csv, line 2",
    ],
  ])('%j', (text, expected) => {
    expect(complaint(() => readScores(scores(text))).replace(`${folder}/`, '')).toBe(expected);
  });

  it('a quote that never ends names its line', () => {
    const text = 'task,agent,seed,score\na,b,0,1\na,"b,1,2\n';
    expect(complaint(() => readScores(scores(text)))).toMatch(/^scores\.csv, line [34]: Quote Not Closed/);
  });

  it('a missing file, and a directory without evaluations', () => {
    expect(complaint(() => readScores(join(folder, 'none.csv')))).toBe('none.csv: no such file');
    expect(complaint(() => readEvaluations(folder))).toBe('evaluations.csv: no such file');
  });

  it('a comparison that has not ended', () => {
    const running = join(folder, 'running');
    mkdirSync(running);
    writeFileSync(join(running, 'manifest.json'), '{}');
    expect(complaint(() => readEvaluations(running)).replaceAll(`${folder}/`, '')).toBe(
      'running/evaluations.csv: no such file; no run has been evaluated yet; until then: harness view running',
    );
  });

  const header = 'task,agent,seed,step,episode,return,length,wall_seconds\n';
  it.each([
    [`${header}`, 'run/evaluations.csv, line 2: no evaluations'],
    [
      `${header}a,b,0,-5,0,1,10,1\n`,
      "run/evaluations.csv, line 2: 'step' is '-5', expected a whole number from 0",
    ],
    [
      `${header}a,b,0,10,0.5,1,10,1\n`,
      "run/evaluations.csv, line 2: 'episode' is '0.5', expected a whole number from 0",
    ],
    [
      `${header}a,b,0,10,0,1,10,1\na,b,0,10,1,1,10,1\na,b,0,10,0,2,10,1\n`,
      'run/evaluations.csv, line 4: step 10, episode 0 of this run again, already at run/evaluations.csv, line 2',
    ],
  ])('evaluations %j', (text, expected) => {
    expect(complaint(() => readEvaluations(evaluations(text))).replaceAll(`${folder}/`, '')).toBe(expected);
  });

  it('the same run in two directories', () => {
    const first = readEvaluations(evaluations(`${header}a,b,0,10,0,1,10,1\n`, 'one'));
    const second = readEvaluations(evaluations(`${header}a,b,1,10,0,1,10,1\na,b,0,10,0,1,10,1\n`, 'two'));
    expect(complaint(() => joinRuns([first, second])).replaceAll(`${folder}/`, '')).toBe(
      "two/evaluations.csv, line 3: task 'a', agent 'b', seed 0 again, already at one/evaluations.csv, line 2",
    );
  });
});

describe('bytes that are not UTF-8', () => {
  const header = Buffer.from('task,agent,seed,score\n');
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat([header, ...parts.map((part) => Buffer.from(part as string))]);
  const file = (content: Buffer) => {
    const path = join(folder, 'bytes.csv');
    writeFileSync(path, content);
    return path;
  };

  // Offsets count from 0; the header has 22 bytes. Ill-formed sequences of Unicode 15, section 3.9, table 3-7.
  it.each<[string, Buffer, number, number, string]>([
    ['latin-1', bytes('x,p', [0xe9], ',0,.5\nx,p', [0xe8], ',1,.6\n'), 2, 25, 'e9'],
    ['a continuation byte alone', bytes('x,é', [0x80], ',0,1\n'), 2, 26, '80'],
    ['a sequence cut short', bytes('x,a,0,1\nx,', [0xe2, 0x82], ',1,2\n'), 3, 32, 'e2'],
    ['a sequence cut short by the end', bytes('x,a,0,1\nx,b,1,2', [0xf0, 0x9f]), 3, 37, 'f0'],
    ['an overlong slash', bytes('x,', [0xc0, 0xaf], ',0,1\n'), 2, 24, 'c0'],
    ['half of a surrogate pair', bytes('x,', [0xed, 0xa0, 0x80], ',0,1\n'), 2, 24, 'ed'],
    ['beyond the last code point', bytes('x,', [0xf4, 0x90, 0x80, 0x80], ',0,1\n'), 2, 24, 'f4'],
    ['behind a real replacement character', bytes('x\ufffd,', [0xef, 0xbf], ',0,1\n'), 2, 27, 'ef'],
    ['UTF-16', Buffer.from('\ufefftask,agent,seed,score\n', 'utf16le'), 1, 0, 'ff'],
  ])('%s', (_, content, line, offset, byte) => {
    expect(complaint(() => readScores(file(content)))).toBe(
      `bytes.csv, line ${line}: not UTF-8 at byte offset ${offset} (0x${byte}); save the file as UTF-8`,
    );
  });

  it('are not found where there are none', () => {
    const name = 'é\ufffd日本\u{1f600}';
    expect(readScores(file(bytes(`x,${name},0,1\n`)))[0].agent).toBe(name);
  });
});

describe('reading', () => {
  it('takes columns in any order, others beside them, a byte order mark, CRLF, quotes and line breaks', () => {
    const text = '\ufeffscore,note,seed,agent,task\r\n0.5,"x, ""y""",3,"line\nbreak",a\r\n-1e-3,,4,b,a\r\n';
    const runs = readScores(scores(text));
    expect(runs.map(({ task, agent, seed, score }) => [task, agent, seed, score])).toEqual([
      ['a', 'b', '4', -0.001],
      ['a', 'line\nbreak', '3', 0.5],
    ]);
  });

  it('takes line ends of several kinds beside quotes', () => {
    const runs = readScores(scores('task,agent,seed,score\r\na,"b",0,1\na,b,1,2\ra,b,2,3\r\n'));
    expect(runs.map(({ seed, score }) => [seed, score])).toEqual([
      ['0', 1],
      ['1', 2],
      ['2', 3],
    ]);
  });

  it('metrics of training are in the order of steps, each step once', () => {
    const logged = (rows: readonly string[]) =>
      parseTrainingRows('training.csv', `task,agent,seed,step,loss\n${rows.join('\n')}\n`);
    const key = runKey({ task: 'a', agent: 'b', seed: '0' });
    const shuffled = logged(['a,b,0,300,3', 'a,c,0,100,9', 'a,b,0,100,1', 'a,b,0,200,']);
    expect(shuffled.get(key)).toEqual([
      { step: 100, values: { loss: 1 } },
      { step: 200, values: {} },
      { step: 300, values: { loss: 3 } },
    ]);
    expect(complaint(() => logged(['a,b,0,100,1', 'a,b,0,200,1', 'a,b,0,100,2']))).toBe(
      'training.csv, line 4: step 100 of this run is there twice',
    );
  });

  it('scores a run by the mean return of its last evaluation, whatever the order of rows', () => {
    const rows = ['a,b,0,20,1,7,10,4', 'a,b,0,10,0,1,10,2', 'a,b,0,20,0,5,10,4', 'a,b,0,10,1,2,10,2'];
    const directory = evaluations(
      `task,agent,seed,step,episode,return,length,wall_seconds\n${rows.join('\n')}\n`,
    );
    const [run] = readEvaluations(directory);
    expect(run.score).toBe(6);
    expect(run.evaluations).toEqual([
      { step: 10, episodes: 2, meanReturn: 1.5, wallSeconds: 2 },
      { step: 20, episodes: 2, meanReturn: 6, wallSeconds: 4 },
    ]);
  });

  it('names have no white space around them, as headers have none', () => {
    const [first, second] = readScores(
      scores(' task ,agent, seed,score\nhop, sac ,0,1\n hop,sac\u00a0, 1 ,2\n'),
    );
    expect([first, second].map(({ task, agent, seed }) => [task, agent, seed])).toEqual([
      ['hop', 'sac', '0'],
      ['hop', 'sac', '1'],
    ]);
    const runs = readEvaluations(
      evaluations('task,agent,seed,step,episode,return\nhop,sac,0,1,0,1\nhop, sac,0 ,2,0,3\n'),
    );
    expect(runs).toHaveLength(1);
    expect(runs[0].evaluations.map(({ step }) => step)).toEqual([1, 2]);
    expect(complaint(() => readScores(scores('task,agent,seed,score\nhop,  ,0,1\n')))).toBe(
      "scores.csv, line 2: 'agent' is empty",
    );
  });

  it('a damaged or odd manifest costs facts, not the report', () => {
    const directory = join(folder, 'odd');
    mkdirSync(directory, { recursive: true });
    const manifest = (text: string) => writeFileSync(join(directory, 'manifest.json'), text);
    expect(readManifest(directory)).toBeUndefined();
    manifest('{"name": "torn');
    expect(readManifest(directory)).toBeUndefined();
    manifest(
      JSON.stringify({
        name: 7,
        versions: 3,
        runs: [{ task: 'a' }, { task: 'a', agent: 'b', seed: 1, status: 'new' }],
      }),
    );
    expect(readManifest(directory)).toMatchObject({
      name: '7',
      versions: {},
      runs: [{ task: 'a', agent: 'b', seed: '1', status: 'running' }],
    });
  });

  it('names sort by their numbers, then by code unit', () => {
    const names = ['run10', 'run9', 'Run', 'run', 'a', 'run9b', 'run09'];
    expect([...names].sort(compareNames)).toEqual(['Run', 'a', 'run', 'run09', 'run9', 'run9b', 'run10']);
  });
});

describe('writing', () => {
  it('numbers read back as the same doubles, and names as they were', () => {
    const values = [0.1 + 0.2, 1 / 3, -5e-324, 1e21, 123456789.123, -0];
    const name = 'a "b",\nc';
    const text = formatTable(
      ['name', 'value', 'none'],
      values.map((value) => ({ name, value, none: undefined })),
    );
    const lines = readTable(scores(text), ['name', 'value', 'none']);
    expect(lines.map((line) => line.number('value'))).toEqual(values.map((value) => value + 0));
    expect(new Set(lines.map((line) => line.text('name')))).toEqual(new Set([name]));
    expect(lines.map((line) => line.optionalNumber('none'))).toEqual(values.map(() => undefined));
  });
});
