/**
 * A gigabyte passed on: by the product, by nginx without buffering, by a Next route that returns the body of `fetch`,
 * and read from the upstream itself. The upstream is an nginx that sends a file of nothing, which costs it next to
 * nothing, so that what is measured is who passes it on.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '#tests/support/product.ts';
import { callerCore, serverCore, spawnPinned, stop, untilItAnswers } from '../support/pinned.ts';
import { processorSeconds, residentMegabytes } from '../support/processes.ts';
import { ratios, type Spread, spreadOf } from '../support/statistics.ts';
import { type Cell, table } from '../support/table.ts';
import { requireTool } from '../support/tools.ts';
import { start } from './contenders.ts';
import { withSpread } from './report.ts';

const bytes = 1_000_000_000;
const file = `synthetic-${bytes}.bin`;

type Source = { name: string; url: string; pid: number; close: () => Promise<void> };
type Passage = { seconds: number; processor: number; resident: number };

export type StreamSummary = {
  name: string;
  megabytesPerSecond: Spread;
  processorSeconds: Spread;
  residentMegabytes: number;
  /** How many times as much it passes on for the same processor time, and in the same time. */
  againstNginx: { processor: Spread; speed: Spread };
  againstFetch: { processor: Spread; speed: Spread };
};

export async function measureStreams(rounds: number, folder: string): Promise<StreamSummary[]> {
  const upstream = await startNginx('upstream', callerCore, folder, serveFiles(folder));
  const opened: Source[] = [upstream];
  try {
    const passing = await startNginx('nginx, proxy_buffering off', serverCore, folder, passOn(upstream.url));
    opened.push(passing);
    const env = { FILES_URL: upstream.url, STREAM_URL: `${upstream.url}/files/${file}` };
    const started = async (id: 'dh' | 'e' | 'f', name: string, path: string): Promise<Source> => {
      const { baseUrl, pid, close } = await start(id, { folder, env });
      const source = { name, url: `${baseUrl}${path}`, pid, close };
      opened.push(source);
      return source;
    };
    const raw = `/api/raw/files/files/${file}`;
    const sources = [
      { ...upstream, name: 'direct, from the upstream', url: `${upstream.url}/files/${file}` },
      { ...passing, url: `${passing.url}/files/${file}` },
      await started('dh', 'Next route, body of fetch', '/api/stream'),
      await started('e', 'this product, next start', raw),
      await started('f', 'this product, npm start', raw),
    ];
    const passages = sources.map((): Passage[] => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, source] of sources.entries()) passages[index]?.push(await pass(source));
    }
    const summaries = sources.map((source, index) => summarize(source.name, passages[index] ?? [], passages));
    print(summaries);
    return summaries;
  } finally {
    await Promise.all(opened.map(({ close }) => close()));
  }
}

function summarize(
  name: string,
  own: readonly Passage[],
  all: readonly (readonly Passage[])[],
): StreamSummary {
  const [, nginx = [], byFetch = []] = all;
  const against = (base: readonly Passage[]) => ({
    processor: ratios(base.map(processor), own.map(processor)),
    speed: ratios(base.map(seconds), own.map(seconds)),
  });
  return {
    name,
    megabytesPerSecond: spreadOf(own.map((each) => bytes / 1e6 / each.seconds)),
    processorSeconds: spreadOf(own.map(processor)),
    residentMegabytes: Math.max(...own.map(({ resident }) => resident)),
    againstNginx: against(nginx),
    againstFetch: against(byFetch),
  };
}

const processor = (passage: Passage) => passage.processor;
const seconds = (passage: Passage) => passage.seconds;

/** Reads the whole into one buffer that is used over and over: the reader must not be what is slow. */
async function pass({ url, pid, name }: Source): Promise<Passage> {
  const before = processorSeconds(pid);
  const startedAt = performance.now();
  const { received, head } = await drain(new URL(url));
  const passage = {
    seconds: (performance.now() - startedAt) / 1000,
    processor: processorSeconds(pid) - before,
    resident: residentMegabytes(pid),
  };
  // Headers, and the marks of chunks where there is no length, come on top.
  if (received < bytes || received > bytes * 1.01)
    throw new Error(`${name} passed on ${received} bytes:\n${head}`);
  return passage;
}

function drain({ hostname, port, pathname, host }: URL): Promise<{ received: number; head: string }> {
  return new Promise((resolve, reject) => {
    let received = 0;
    let head = '';
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: Buffer.alloc(1024 * 1024),
        callback: (length, buffer) => {
          if (received === 0)
            head = Buffer.from(buffer.buffer).toString('latin1', 0, Math.min(length, 1_000));
          received += length;
          return true;
        },
      },
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ received, head }));
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  });
}

function serveFiles(folder: string): string {
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true });
  openSync(join(files, file), 'w');
  truncateSync(join(files, file), bytes);
  return `root ${folder}; sendfile on; default_type application/octet-stream;`;
}

const passOn = (upstream: string) =>
  `location / { proxy_pass ${upstream}; proxy_buffering off; proxy_http_version 1.1; proxy_set_header Connection ""; }`;

async function startNginx(name: string, core: number, folder: string, server: string): Promise<Source> {
  const nginx = requireTool('nginx', 'nginx-light');
  const port = await freePort();
  const prefix = join(folder, `nginx-${port}`);
  mkdirSync(prefix);
  const config = join(prefix, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${prefix}/pid; error_log stderr;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 256; }
     http {
       access_log ${prefix}/access.log;
       client_body_temp_path ${prefix}/body; proxy_temp_path ${prefix}/proxy; fastcgi_temp_path ${prefix}/fastcgi;
       uwsgi_temp_path ${prefix}/uwsgi; scgi_temp_path ${prefix}/scgi;
       server { listen 127.0.0.1:${port}; ${server} }
     }\n`,
  );
  const log = join(prefix, 'log');
  const child: ChildProcess = spawnPinned(core, [nginx, '-p', prefix, '-c', config], { log });
  const url = `http://127.0.0.1:${port}`;
  await untilItAnswers(`${url}/files/`, child, log);
  return { name, url, pid: child.pid ?? 0, close: () => stop(child) };
}

function print(summaries: readonly StreamSummary[]): void {
  const rows = summaries.map((each): Cell[] => [
    each.name,
    Math.round(each.megabytesPerSecond.median),
    each.processorSeconds.median,
    Math.round(each.residentMegabytes),
    withSpread(each.againstNginx.processor),
    withSpread(each.againstNginx.speed),
    withSpread(each.againstFetch.processor),
    withSpread(each.againstFetch.speed),
  ]);
  const heads = ['a gigabyte', 'MB/s', 'cpu s', 'RSS MB'];
  const compared = ['cpu vs nginx', 'MB/s vs nginx', 'cpu vs fetch', 'MB/s vs fetch'];
  console.log(`\nraw stream\n${table([...heads, ...compared], rows)}`);
}
