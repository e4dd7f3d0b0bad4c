import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { unescape as decode } from 'node:querystring';
import { byteRange } from './byte-range.ts';
import { notModified, rangeHolds } from './conditions.ts';
import { type DownloadFault, sendPieces } from './download.ts';
import { type Fault, respond, send } from './fault.ts';
import { FileStore, type ReadableFile } from './file-store.ts';
import { listenOnLoopback } from './loopback.ts';
import { record } from './recent.ts';
import { jsonReply, type Reply } from './reply.ts';
import { targetUrl } from './request-target.ts';
import type { RecordedRequest, StandIn } from './stand-in.ts';
import { type Transfer, Transfers } from './transfers.ts';
import { receive } from './upload.ts';

type FilesFault = Fault | DownloadFault;

/** A file store that streams bodies, so that they can have any size. Uploads are recorded without their body. */
export interface FilesStandIn extends StandIn {
  readonly fault: (fault: FilesFault | undefined) => void;
  /** Number of bodies currently in transfer, in either direction. */
  readonly open: number;
  /** The last 200 finished transfers. The array is never replaced, so a test may empty it. */
  readonly transfers: Transfer[];
}

/** A response that streams a file or a part of it. */
interface Download {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: Iterable<Uint8Array>;
}

export async function startFiles(): Promise<FilesStandIn> {
  const requests: RecordedRequest[] = [];
  const transfers = new Transfers();
  const store = new FileStore();
  let current: FilesFault | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    record(requests, { method, url, headers, body: '' });
    const { fault, downloadFault } = splitFault(current);
    const name = nameIn(url);
    if (method === 'PUT' && name !== undefined && fault?.kind !== 'status') {
      const upload = await receive(request, transfers);
      if (upload === undefined) return;
      respond(response, fault, () => {
        const replaced = store.put(name, upload);
        const { bytes, sha256 } = upload;
        send(response, jsonReply(replaced ? 200 : 201, { name, bytes, sha256, synthetic: true }));
      });
      return;
    }
    respond(response, fault, () => {
      const reply = read(store, method, name, headers);
      if ('body' in reply) send(response, reply);
      else void deliver(response, reply, transfers.begin(url), downloadFault);
    });
  }

  const { url, close } = await listenOnLoopback(handle);
  return {
    url,
    requests,
    transfers: transfers.ended,
    get open() {
      return transfers.open;
    },
    fault: (next) => {
      current = next;
    },
    close,
  };
}

async function deliver(
  response: ServerResponse,
  { status, headers, pieces }: Download,
  end: (bytes: number, complete: boolean) => void,
  fault: DownloadFault | undefined,
): Promise<void> {
  response.writeHead(status, headers);
  const { bytes, complete } = await sendPieces(response, pieces, fault);
  end(bytes, complete);
}

/** Separates faults of downloads from faults that apply to every request. */
function splitFault(fault: FilesFault | undefined): { fault?: Fault; downloadFault?: DownloadFault } {
  if (fault === undefined) return {};
  return fault.kind === 'cut' || fault.kind === 'stall' ? { downloadFault: fault } : { fault };
}

/** Returns the name in `/files/{name}`. Malformed percent-encoding is kept unchanged. */
function nameIn(target: string): string | undefined {
  const [, name] = /^\/files\/([^/]+)$/.exec(targetUrl(target)?.pathname ?? '') ?? [];
  return name === undefined ? undefined : decode(name);
}

function read(
  store: FileStore,
  method: string,
  name: string | undefined,
  headers: IncomingHttpHeaders,
): Reply | Download {
  if (name === undefined) return jsonReply(404, { message: 'Not Found' });
  if (method !== 'GET' && method !== 'HEAD') {
    return jsonReply(405, { message: 'Method Not Allowed' }, { allow: 'GET, HEAD, PUT' });
  }
  const file = store.find(name);
  if (file === undefined) return jsonReply(404, { message: 'Not Found' });
  if ('sha256' in file) return jsonReply(404, { message: 'Not Kept', name, ...file, synthetic: true });
  const versioned = { etag: file.etag, 'last-modified': new Date(file.modified).toUTCString() };
  if (notModified(headers, file)) return { status: 304, headers: versioned, body: '' };
  const fileHeaders = { ...versioned, 'content-type': file.contentType, 'accept-ranges': 'bytes' };
  if (method === 'GET') return part(file, fileHeaders, headers);
  return { status: 200, headers: { ...fileHeaders, 'content-length': String(file.bytes) }, body: '' };
}

/** Handles a GET of an existing file: responds with the whole file or the requested range. */
function part(
  file: ReadableFile,
  fileHeaders: Record<string, string>,
  headers: IncomingHttpHeaders,
): Reply | Download {
  const rangeHeader = headers.range !== undefined && rangeHolds(headers, file) ? headers.range : '';
  const range = byteRange(rangeHeader, file.bytes);
  if (range === 'unsatisfiable') {
    return jsonReply(
      416,
      { message: 'Range Not Satisfiable' },
      { 'accept-ranges': 'bytes', 'content-range': `bytes */${file.bytes}` },
    );
  }
  const first = range?.first ?? 0;
  const length = range === undefined ? file.bytes : range.last - first + 1;
  const contentRange = range && { 'content-range': `bytes ${first}-${range.last}/${file.bytes}` };
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...fileHeaders, ...contentRange, 'content-length': String(length) },
    pieces: file.pieces(first, length),
  };
}
