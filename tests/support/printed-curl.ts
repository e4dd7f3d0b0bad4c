import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { requirePath } from './requirements.ts';
import { testWith } from './skip.ts';

const run = promisify(execFile);

type Outcome = { status: number; body: string };

/** Returns the first curl command in a text, from a fenced block or between backticks. */
export function printedCurl(text: string): string {
  const command = /^curl .+$/m.exec(text)?.[0] ?? /`(curl [^`]+)`/.exec(text)?.[1];
  if (!command) throw new Error('the text contains no curl command');
  return command;
}

/** Runs a command in a shell, as a reader would. */
async function byCurl(command: string): Promise<Outcome> {
  requirePath('curl');
  const { stdout } = await run('sh', ['-c', `${command} -s -w '\\n%{http_code}'`]);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

/** Runs a command on machines without curl: the shell splits the arguments, fetch sends the request. */
async function byFetch(command: string): Promise<Outcome> {
  const { stdout } = await run('sh', ['-c', command.replace(/^curl/, "printf '%s\\0'")]);
  const [url = '', ...words] = stdout.split('\0').slice(0, -1);
  const headers = new Headers();
  let body: string | FormData | null = null;
  for (let index = 0; index < words.length; index += 2) {
    const value = words[index + 1] ?? '';
    if (words[index] === '-d') body = value;
    else if (words[index] === '-F') body = formOf(value);
    else if (words[index] === '-b') headers.set('cookie', value);
    else if (words[index] === '-H')
      headers.set(value.slice(0, value.indexOf(':')), value.replace(/^.*?: /, ''));
    else throw new Error(`the curl option ${words[index]} is not supported here`);
  }
  const response = await fetch(url, { method: body === null ? 'GET' : 'POST', headers, body });
  return { status: response.status, body: await response.text() };
}

/** @param field as in `file=content;filename=name` */
function formOf(field: string): FormData {
  const [, name = '', content = '', fileName = ''] = /^(\w+)=([^;]*);filename=(.*)$/.exec(field) ?? [];
  const form = new FormData();
  form.append(name, new File([content], fileName));
  return form;
}

/** Both ways to run a printed command. The first is skipped without curl. */
export const waysToRun = [
  { program: 'curl', run: byCurl, testBy: testWith('curl') },
  { program: 'fetch', run: byFetch, testBy: test },
];
