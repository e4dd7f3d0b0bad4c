/**
 * Proxying of a gigabyte: by the product, by nginx without buffering and by a Next route that returns the body of
 * `fetch`, compared with a direct download from the upstream. The upstream is an nginx that sends a sparse file, which
 * costs it next to nothing, so that the proxy is the bottleneck.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '#tests/support/product.ts';
import { callerCore, serverCore, spawnPinned, stop, waitForResponse } from '../support/pinned.ts';
import { processorSeconds, residentMegabytes } from '../support/processes.ts';
import { ratios, type Spread, spreadOf } from '../support/statistics.ts';
import { type Cell, table } from '../support/table.ts';
import { requireTool } from '../support/tools.ts';
import { start } from './contenders.ts';
import { withSpread } from './report.ts';

const bytes = 1_000_000_000;
const file = `synthetic-${bytes}.bin`;

type Source = { name: string; url: string; pid: number; close: () => Promise<void> };
type Transfer = { seconds: number; processor: number; resident: number };

export type StreamSummary = {
  name: string;
  megabytesPerSecond: Spread;
  processorSeconds: Spread;
  residentMegabytes: number;
  /** Bytes per processor time (`processor`) and per second (`speed`) relative to nginx and to the body of `fetch`. */
  againstNginx: { processor: Spread; speed: Spread };
  againstFetch: { processor: Spread; speed: Spread };
};

export async function measureStreams(rounds: number, folder: string): Promise<StreamSummary[]> {
  const upstream = await startNginx('upstream', callerCore, folder, serveFiles(folder));
  const opened: Source[] = [upstream];
  try {
    const proxy = await startNginx('nginx, proxy_buffering off', serverCore, folder, proxyTo(upstream.url));
    opened.push(proxy);
    const env = { FIXTURE_STORE_URL: upstream.url, STREAM_URL: `${upstream.url}/files/${file}` };
    const startSource = async (id: 'dh' | 'e' | 'f', name: string, path: string): Promise<Source> => {
      const { baseUrl, pid, close } = await start(id, { folder, env });
      const source = { name, url: `${baseUrl}${path}`, pid, close };
      opened.push(source);
      return source;
    };
    const raw = `/api/raw/store/files/${file}`;
    const sources = [
      { ...upstream, name: 'direct, from the upstream', url: `${upstream.url}/files/${file}` },
      { ...proxy, url: `${proxy.url}/files/${file}` },
      await startSource('dh', 'Next route, body of fetch', '/api/stream'),
      await startSource('e', 'this product, next start', raw),
      await startSource('f', 'this product, npm start', raw),
    ];
    const transfers = sources.map((): Transfer[] => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, source] of sources.entries()) transfers[index]?.push(await download(source));
    }
    const summaries = sources.map((source, index) =>
      summarize(source.name, transfers[index] ?? [], transfers),
    );
    print(summaries);
    return summaries;
  } finally {
    await Promise.all(opened.map(({ close }) => close()));
  }
}

function summarize(
  name: string,
  own: readonly Transfer[],
  all: readonly (readonly Transfer[])[],
): StreamSummary {
  const [, nginx = [], fetchRoute = []] = all;
  const against = (base: readonly Transfer[]) => ({
    processor: ratios(base.map(processor), own.map(processor)),
    speed: ratios(base.map(seconds), own.map(seconds)),
  });
  return {
    name,
    megabytesPerSecond: spreadOf(own.map((each) => bytes / 1e6 / each.seconds)),
    processorSeconds: spreadOf(own.map(processor)),
    residentMegabytes: Math.max(...own.map(({ resident }) => resident)),
    againstNginx: against(nginx),
    againstFetch: against(fetchRoute),
  };
}

const processor = (transfer: Transfer) => transfer.processor;
const seconds = (transfer: Transfer) => transfer.seconds;

/** Downloads the file into one reused buffer, so that the reader is not the bottleneck. */
async function download({ url, pid, name }: Source): Promise<Transfer> {
  const before = processorSeconds(pid);
  const startedAt = performance.now();
  const { received, head } = await readAll(new URL(url));
  const transfer = {
    seconds: (performance.now() - startedAt) / 1000,
    processor: processorSeconds(pid) - before,
    resident: residentMegabytes(pid),
  };
  // The count includes the headers and, without a content-length, the chunk framing.
  if (received < bytes || received > bytes * 1.01)
    throw new Error(`${name} sent ${received} bytes:\n${head}`);
  return transfer;
}

function readAll({ hostname, port, pathname, host }: URL): Promise<{ received: number; head: string }> {
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

const proxyTo = (upstream: string) =>
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
  await waitForResponse(`${url}/files/`, child, log);
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
