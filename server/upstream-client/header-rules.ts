/** Headers of a single connection (RFC 9110, 7.6.1), and headers that the HTTP library sets. */
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

/** Request headers that identify the caller or its origin, or that this server sets. They are never forwarded. */
const reservedRequestHeaders = [
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

/** Response headers that only this server sets. */
const reservedResponseHeaders = [
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

/** Prefixes of further reserved headers. */
const reservedPrefixes = {
  request: ['x-forwarded-', 'sec-', 'proxy-'],
  response: ['access-control-', 'cross-origin-', 'x-frame-', 'x-content-type-', 'ratelimit', 'proxy-'],
};

export function isHopByHop(name: string): boolean {
  return hopByHop.includes(name);
}

/** Returns the reason why a header must not be forwarded between caller and upstream; undefined if it may be. */
export function forwardingProblem(name: string, direction: 'request' | 'response'): string | undefined {
  if (!/^[a-z\d]+(-[a-z\d]+)*$/.test(name)) return 'is not a lower-case header name';
  if (isHopByHop(name)) return 'applies to a single connection';
  const reserved = direction === 'request' ? reservedRequestHeaders : reservedResponseHeaders;
  if (reserved.includes(name) || reservedPrefixes[direction].some((prefix) => name.startsWith(prefix))) {
    return direction === 'request' ? 'must not be sent to an upstream' : 'is set by this server';
  }
  return undefined;
}
