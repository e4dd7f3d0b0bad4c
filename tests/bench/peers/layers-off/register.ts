/**
 * This product as `npm start` runs it, but without its request ids, log line, rate limits and headers: the modules that
 * implement these layers are replaced by no-ops. Comparing it with `npm start` shows the combined cost of the layers.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const server = new URL('../../../../server/', import.meta.url);
const noOps = new URL('no-ops.ts', import.meta.url).href;
const layers = [
  'http/common-headers.ts',
  'http/rate-limit-headers.ts',
  'http/request-id.ts',
  'http/request-log.ts',
  'rate-limit/enforce.ts',
].map((path) => new URL(path, server));

const missing = layers.filter((layer) => !existsSync(layer));
if (missing.length > 0) throw new Error(`there is no layer at ${missing.join(', ')}`);
const urls = new Set(layers.map(({ href }) => href));

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return urls.has(resolved.url) ? { ...resolved, url: noOps } : resolved;
  },
});
