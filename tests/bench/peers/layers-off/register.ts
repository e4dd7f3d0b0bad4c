/**
 * This product as `npm start` runs it, but with no request ids, log line, limits, and headers of its own: the modules that
 * do these are replaced by ones that do nothing. What stands beside it tells what these layers cost together.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const server = new URL('../../../../server/', import.meta.url);
const nothing = new URL('nothing.ts', import.meta.url).href;
const layers = [
  'charge-limit.ts',
  'door/finish-headers.ts',
  'door/rate-limit-headers.ts',
  'door/request-id.ts',
  'door/request-log.ts',
].map((path) => new URL(path, server));

const missing = layers.filter((layer) => !existsSync(layer));
if (missing.length > 0) throw new Error(`no layer is at ${missing.join(', ')}`);
const urls = new Set(layers.map(({ href }) => href));

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return urls.has(resolved.url) ? { ...resolved, url: nothing } : resolved;
  },
});
