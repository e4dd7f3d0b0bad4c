/**
 * tRPC's JSON lines, the format of a batch whose results are streamed, which `httpBatchStreamLink` asks for. The first
 * line lists the calls by index, and each later line has the result of one call. An encoded value is `[[value]]`, and
 * `[[0], [null, 0, n]]` is the value that a later line `[n, 0, [[value]]]` has. Each line is superjson of its own.
 * Source: `jsonlStreamProducer` in `@trpc/server/src/unstable-core-do-not-import/stream/jsonl.ts`, version 11.19.
 */
import { limits } from '../../config/limits.ts';
import type { ErrorJson } from '../../errors.ts';
import type { HttpRequest } from '../../http/request.ts';
import { serializeOutput } from '../serialize-output.ts';
import type { ResponseFormat, ResultFormat } from './call-procedures.ts';
import { serializeOutputParts } from './output-json.ts';
import { calledPath } from './parse-request.ts';

export const jsonLinesType = 'application/jsonl';

/** Returns whether a request asks for JSON lines, by the rule of tRPC's server. */
export function acceptsJsonLines({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  const accept = headers.get('trpc-accept');
  if (accept !== null) return accept === jsonLinesType;
  return (headers.get('accept') ?? '').split(',').some((type) => type.trim() === jsonLinesType);
}

/** The results of a batch with several calls: one line each, after `headLine`. */
export const linesFormat: ResultFormat = {
  output: (output, index) =>
    outputLine(output, { enclose: (result) => [index, 0, [[result]]], path: '2.0.0' }),
  error: (error, index) => lineOf({ json: [index, 0, [[{ error }]]] }),
};

/** The result of a batch with one call: it is in the only line. */
export const singleLineFormat: ResponseFormat = {
  output: (output) => outputLine(output, { enclose: (result) => ({ 0: [[result]] }), path: '0.0.0' }),
  error: (error) => rejectionLine(error, ['0']),
  join: (results) => results.join(''),
};

/** Returns the first line of a batch with several calls. */
export function headLine(calls: number): string {
  const promises = Array.from({ length: calls }, (_, index) => [[0], [null, 0, index]]);
  return lineOf({ json: Object.fromEntries(promises.entries()) });
}

/** @param position.path superjson's path of what `enclose` encloses */
function outputLine(
  output: unknown,
  { enclose, path }: { enclose: (result: unknown) => unknown; path: string },
): string {
  const parts = serializeOutputParts(output);
  if (!parts) return lineOf(serializeOutput(enclose({ result: { data: output } })));
  const { json, values } = parts;
  const [before = '', after = ''] = JSON.stringify(enclose(null)).split('null');
  const meta = values === undefined ? '' : `,"meta":{"values":{"${path}.result.data":${values}},"v":1}`;
  return `{"json":${before}{"result":{"data":${json}}}${after}${meta}}\n`;
}

/** Maximum number of calls of a rejected batch that get the error. A rejected batch may have thousands. */
const maxRejectedCalls = 10 * limits.batchSize;

/** Returns the body of the error response to a rejected request, as JSON or, if the request asks for them, JSON lines. */
export function rejectedBody(request: HttpRequest, error: ErrorJson): string {
  if (!acceptsJsonLines(request)) return JSON.stringify({ error: { json: error } });
  const calls = calledPath(request).split(/,|%2c/i, maxRejectedCalls);
  return rejectionLine(error, Object.keys(calls));
}

/**
 * Returns an error response that is valid in both formats: tRPC's clients before version 11.14 read every response as
 * JSON lines, and later ones read a response with an error status as JSON.
 */
function rejectionLine(error: ErrorJson, indexes: readonly string[]): string {
  const json = Object.fromEntries(indexes.map((index) => [index, [[{ error }]]]));
  return lineOf({ error: { json: error }, json });
}

function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
