import { limits } from '../config/limits.ts';
import { type Endpoint, idempotencyOf, isRaw, type Upstream } from './endpoint.ts';
import { isHopByHop, whyHeaderMayNotPass } from './header-rules.ts';
import { namesOf, parseTemplate } from './path-template.ts';

/** A mistake in the declaration of an upstream. Its message names the upstream and, where it has one, the endpoint. */
export class DeclarationError extends Error {
  override readonly name = 'DeclarationError';
}

/**
 * Checks a declaration when its module is loaded, so that a mistake stops the start and not a request.
 *
 * @throws DeclarationError
 */
export function defineUpstream<const U extends Upstream>(upstream: U): U {
  checkUpstream(upstream);
  return upstream;
}

function checkUpstream(upstream: Upstream): void {
  const { name, headers = {}, credential } = upstream;
  const refuse = (problem: string): never => {
    throw new DeclarationError(`upstream ${name}: ${problem}`);
  };
  if (!/^[a-z][a-zA-Z\d-]*$/.test(name)) refuse('the name must be of letters, digits and hyphens');
  for (const header of [...Object.keys(headers), ...(credential ? [credential.header] : [])]) {
    if (header !== header.toLowerCase()) refuse(`the header ${header} must be written in lower case`);
    if (isHopByHop(header)) refuse(`the header ${header} belongs to one connection`);
  }
  for (const [endpointName, endpoint] of Object.entries(upstream.endpoints)) {
    for (const problem of problemsOf(upstream, endpoint)) {
      throw new DeclarationError(`upstream ${name}, endpoint ${endpointName}: ${problem}`);
    }
  }
}

/**
 * Checks all upstreams together.
 *
 * @throws DeclarationError when two have one name, or two raw endpoints of one upstream take the same path
 */
export function checkUpstreams(upstreams: readonly Upstream[]): void {
  const names = new Set<string>();
  for (const { name, endpoints } of upstreams) {
    if (names.has(name)) throw new DeclarationError(`upstream ${name}: there are two of this name`);
    names.add(name);
    const paths = new Set<string>();
    for (const [endpointName, endpoint] of Object.entries(endpoints)) {
      if (!isRaw(endpoint)) continue;
      const path = `${endpoint.method} ${endpoint.template.replace(/\{\w+\}/g, '{}')}`;
      if (paths.has(path)) {
        throw new DeclarationError(`upstream ${name}, endpoint ${endpointName}: another one takes this path`);
      }
      paths.add(path);
    }
  }
}

function* problemsOf(upstream: Upstream, endpoint: Endpoint): Generator<string> {
  const { template, method, deadline } = endpoint;
  if (!parseTemplate(template)) yield `no path can match the template ${template}`;
  const segments = namesOf(template);
  const params = Object.keys(endpoint.params?.shape ?? {});
  if ([...segments].sort().join() !== params.sort().join() || new Set(segments).size < segments.length) {
    yield `the template names [${segments}], params have [${params}]`;
  }
  if (deadline !== undefined && !(deadline > 0 && deadline <= limits.upstream.longestDeadline)) {
    yield `the deadline must be at most ${limits.upstream.longestDeadline} ms`;
  }
  yield* headerProblems(upstream, endpoint);
  if (isRaw(endpoint)) {
    if (method === 'GET' && endpoint.upload) yield 'GET takes no upload';
    if (endpoint.answer.mediaTypes.length === 0) yield 'no media type may pass';
    return;
  }
  if (method === 'GET' && endpoint.body) yield 'GET takes no body';
  const { cache } = endpoint;
  if (!cache) return;
  if (idempotencyOf(endpoint) !== 'safe') yield 'only an endpoint that reads can be cached';
  const { freshFor, staleWhileRevalidateFor = freshFor, staleIfErrorFor, scope } = cache;
  if (!(freshFor >= 0 && freshFor <= staleWhileRevalidateFor && staleWhileRevalidateFor <= staleIfErrorFor)) {
    yield 'the windows of the cache must not shrink: fresh, stale while revalidated, stale if error';
  }
  if (scope === 'public' && upstream.credential && !endpoint.anonymous) {
    yield 'what is fetched with a credential cannot be cached for the public';
  }
}

function* headerProblems(upstream: Upstream, endpoint: Endpoint): Generator<string> {
  const { requestHeaders = [], responseHeaders = [] } = endpoint;
  for (const [names, direction] of [
    [requestHeaders, 'request'],
    [responseHeaders, 'response'],
  ] as const) {
    for (const name of names) {
      const why = whyHeaderMayNotPass(name, direction);
      if (why) yield `the ${direction} header ${name} ${why}`;
    }
  }
  const fixed = [...Object.keys(upstream.headers ?? {}), upstream.credential?.header];
  const both = requestHeaders.find((name) => fixed.includes(name));
  if (both) yield `the request header ${both} is set by the upstream's declaration`;
  if (
    isRaw(endpoint) &&
    endpoint.answer.publicFor !== undefined &&
    upstream.credential &&
    !endpoint.anonymous
  ) {
    yield 'what is fetched with a credential cannot be cached for the public';
  }
}
