/** Of one connection only (RFC 9110, 7.6.1), or what the HTTP library writes itself. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  'content-encoding',
  'host',
];

/** Who the caller is, and where it came from: none of an upstream's business. */
const ofTheCaller = [
  'authorization',
  'cookie',
  'proxy-authorization',
  'forwarded',
  'via',
  'x-real-ip',
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'origin',
  'referer',
  'user-agent',
  'accept',
  'accept-encoding',
];

/** What is this product's to say about its own answers. */
const ofTheProduct = [
  'set-cookie',
  'www-authenticate',
  'proxy-authenticate',
  'strict-transport-security',
  'content-security-policy',
  'content-type',
  'content-disposition',
  'cache-control',
  'clear-site-data',
  'location',
  'refresh',
  'server',
  'vary',
  'x-request-id',
  'retry-after',
];

const prefixes = {
  request: ['x-forwarded-', 'sec-', 'proxy-'],
  response: ['access-control-', 'cross-origin-', 'x-frame-', 'x-content-type-', 'ratelimit', 'proxy-'],
};

export function isHopByHop(name: string): boolean {
  return hopByHop.includes(name);
}

/** Why a header can't be among those that pass between a caller and an upstream; undefined when it may. */
export function whyHeaderMayNotPass(name: string, direction: 'request' | 'response'): string | undefined {
  if (!/^[a-z\d]+(-[a-z\d]+)*$/.test(name)) return 'is not a header name in lower case';
  if (isHopByHop(name)) return 'belongs to one connection';
  const reserved = direction === 'request' ? ofTheCaller : ofTheProduct;
  if (reserved.includes(name) || prefixes[direction].some((prefix) => name.startsWith(prefix))) {
    return direction === 'request' ? 'never leaves this server' : 'is this product’s own';
  }
  return undefined;
}
