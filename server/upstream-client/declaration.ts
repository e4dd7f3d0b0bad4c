import { limits } from '../config/limits.ts';
import { type Endpoint, idempotencyOf, isForUser, isRaw, type Upstream } from './endpoint.ts';
import { forwardingProblem, isHopByHop } from './header-rules.ts';
import { namesOf, parseTemplate } from './path-template.ts';

/** The declaration of an upstream is invalid. The message names the upstream and, if there is one, the endpoint. */
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
  const reject = (problem: string): never => {
    throw new DeclarationError(`upstream ${name}: ${problem}`);
  };
  if (!/^[a-z][a-zA-Z\d-]*$/.test(name)) {
    reject('the name must start with a lower-case letter and contain only letters, digits and hyphens');
  }
  for (const header of [...Object.keys(headers), ...(credential ? [credential.header] : [])]) {
    if (header !== header.toLowerCase()) reject(`the header ${header} must be in lower case`);
    if (isHopByHop(header)) reject(`the header ${header} applies to a single connection`);
  }
  if (upstream.userToken && credential) {
    reject('requests carry either the credential of this server or an access token of the user');
  }
  if (upstream.userToken && 'authorization' in headers) {
    reject('the header authorization carries the access token of the user');
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
 * @throws DeclarationError if two upstreams have the same name, or two raw endpoints of one upstream the same path
 */
export function checkUpstreams(upstreams: readonly Upstream[]): void {
  const names = new Set<string>();
  for (const { name, endpoints } of upstreams) {
    if (names.has(name)) throw new DeclarationError(`upstream ${name}: the name is already in use`);
    names.add(name);
    const paths = new Set<string>();
    for (const [endpointName, endpoint] of Object.entries(endpoints)) {
      if (!isRaw(endpoint)) continue;
      const path = `${endpoint.method} ${endpoint.template.replace(/\{\w+\}/g, '{}')}`;
      if (paths.has(path)) {
        throw new DeclarationError(
          `upstream ${name}, endpoint ${endpointName}: another raw endpoint has the same method and path`,
        );
      }
      paths.add(path);
    }
  }
}

const credentialInPublicCache = 'a response that was fetched with a credential must not be cached publicly';

function* problemsOf(upstream: Upstream, endpoint: Endpoint): Generator<string> {
  const { template, method, deadline } = endpoint;
  if (!parseTemplate(template)) yield `no path can match the template ${template}`;
  const segments = namesOf(template);
  const params = Object.keys(endpoint.params?.shape ?? {});
  if (segments.toSorted().join() !== params.toSorted().join()) {
    yield `the template has the segments [${segments}] but params has [${params}]`;
  }
  if (deadline !== undefined && !(deadline > 0 && deadline <= limits.upstream.maxDeadline)) {
    yield `the deadline must be positive and at most ${limits.upstream.maxDeadline} ms`;
  }
  yield* headerProblems(upstream, endpoint);
  if (isRaw(endpoint)) {
    if (method === 'GET' && endpoint.upload) yield 'a GET endpoint cannot have an upload';
    if (endpoint.answer.mediaTypes.length === 0) yield 'at least one media type is required';
    return;
  }
  if (method === 'GET' && endpoint.body) yield 'a GET endpoint cannot have a body';
  if (isForUser(upstream, endpoint) && endpoint.public !== undefined) {
    yield 'an endpoint that is called on behalf of users is for signed-in users alone';
  }
  const { cache } = endpoint;
  if (!cache) return;
  if (idempotencyOf(endpoint) !== 'safe') yield 'only an endpoint with idempotency "safe" can be cached';
  const { freshFor, staleWhileRevalidateFor = freshFor, staleIfErrorFor, scope } = cache;
  if (!(freshFor >= 0 && freshFor <= staleWhileRevalidateFor && staleWhileRevalidateFor <= staleIfErrorFor)) {
    yield 'the cache windows must satisfy 0 <= freshFor <= staleWhileRevalidateFor <= staleIfErrorFor';
  }
  if (scope === 'public' && isSecret(upstream, endpoint)) yield credentialInPublicCache;
}

function* headerProblems(upstream: Upstream, endpoint: Endpoint): Generator<string> {
  const { requestHeaders = [], responseHeaders = [] } = endpoint;
  for (const [names, direction] of [
    [requestHeaders, 'request'],
    [responseHeaders, 'response'],
  ] as const) {
    for (const name of names) {
      const problem = forwardingProblem(name, direction);
      if (problem) yield `the ${direction} header ${name} ${problem}`;
    }
  }
  const fixed = [
    ...Object.keys(upstream.headers ?? {}),
    upstream.credential?.header,
    ...(upstream.userToken ? ['authorization'] : []),
  ];
  const both = requestHeaders.find((name) => fixed.includes(name));
  if (both) yield `the request header ${both} is set by the upstream's declaration`;
  if (isRaw(endpoint) && endpoint.answer.publicFor !== undefined && isSecret(upstream, endpoint)) {
    yield credentialInPublicCache;
  }
}

function isSecret({ credential, userToken }: Upstream, { anonymous = false }: Endpoint): boolean {
  return (credential !== undefined || userToken !== undefined) && !anonymous;
}
