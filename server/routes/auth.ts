import { limits } from '../config/limits.ts';
import { backchannelLogoutPath, callbackPath, signInPath, signOutPath } from '../config/paths.ts';
import { type AppError, type ErrorReason, isAppError } from '../errors.ts';
import { visitorPrincipal } from '../http/authenticate.ts';
import { readBody } from '../http/body.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { type Cookie, cookieHeader, readCookie } from '../http/cookie.ts';
import { isFromThisSite } from '../http/csrf.ts';
import { readForm } from '../http/form.ts';
import { type Handler, handleRequest } from '../http/handle-request.ts';
import { isLoopback, siteUrlOf } from '../http/host.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import { type HttpResponse, jsonResponse } from '../http/response.ts';
import { browserCookie, sessionCookie, sessionCookieOf, signedInCookie } from '../http/session-cookie.ts';
import { deviceOf } from '../identity/device.ts';
import type { Identity } from '../identity/identity.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { enforce } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';

/**
 * `/auth/sign-in?returnTo=<path>`: begins a sign-in and redirects to the provider. `again=1` makes the provider ask the
 * user to prove who they are again. Only a navigation of a whole page begins one.
 */
export function handleSignIn(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: signInPath, method: 'GET' }, async (identity, scope) => {
    if (isPrefetch(request)) return { status: 204, headers: { ...noStore }, body: null };
    requireNavigation(request);
    const { searchParams, search } = targetOf(request);
    const { siteUrl } = site();
    // The cookie must be on the host to which the provider leads back.
    if (isOtherNameOfThisMachine(request, siteUrl)) {
      const location = `${siteUrl}${signInPath}${search}`;
      return { status: 303, headers: { ...noStore, location }, body: null };
    }
    // The session cookie does not come with a link from another site, but the session that the browser has must end.
    if (!isFromThisSite(request.headers, siteUrl) && !searchParams.has(followed)) {
      searchParams.set(followed, '1');
      return leadTo(`${siteUrl}${signInPath}?${searchParams}`, 'Sign in', []);
    }
    await charge(request, scope);
    const { url, browser } = await identity.beginSignIn({
      browser: readCookie(request.headers, browserCookie, siteUrl),
      session: sessionCookieOf(request.headers, siteUrl),
      returnTo: searchParams.get('returnTo'),
      isFresh: searchParams.get('again') === '1',
    });
    return {
      status: 303,
      headers: { ...noStore, location: url },
      body: null,
      cookies: [setCookie(browserCookie, browser, limits.identity.signInLifetime)],
    };
  });
}

/**
 * `/auth/callback`: finishes a sign-in, to which the provider sends the browser back, and leads to the page that it began
 * on.
 */
export function handleCallback(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: callbackPath, method: 'GET' }, async (identity, scope) => {
    requireNavigation(request);
    const { headers } = request;
    const { siteUrl } = site();
    const finished = await identity.finishSignIn({
      browser: readCookie(headers, browserCookie, siteUrl),
      search: targetOf(request).search,
      device: deviceOf(headers.get('user-agent')),
    });
    if (finished.kind === 'failed') {
      const { error, returnPath } = finished;
      // Not a sign-in of this browser: made-up callbacks would cost a query each.
      const isMadeUp = error.reason === 'sign_in_failed' && returnPath === undefined;
      if (isMadeUp) await charge(request, scope);
      return failedPage(error, returnPath);
    }
    const { cookie, lifetime, returnPath } = finished;
    return leadTo(`${siteUrl}${returnPath}`, 'Signed in', [
      setCookie(sessionCookie, cookie, lifetime),
      setCookie(signedInCookie, '1', lifetime),
    ]);
  });
}

/** `/auth/sign-out`: ends the session of a posted form and leads to the provider's page that ends its own session. */
export function handleSignOut(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: signOutPath, method: 'POST' }, async (identity) => {
    const { siteUrl } = site();
    await readForm(request, { siteUrl, fields: [] });
    const { headers } = request;
    const cookies = [setCookie(sessionCookie, '', 0), setCookie(signedInCookie, '', 0)];
    try {
      const cookie = sessionCookieOf(headers, siteUrl);
      const { url } = await identity.signOut(cookie, deviceOf(headers.get('user-agent')));
      return leadTo(url, 'Signed out', cookies);
    } catch (error) {
      if (!isAppError(error)) throw error;
      site().log.warn({ reason: error.reason, err: error }, 'sign-out failed');
      // The browser is signed out in any case.
      return { ...problemPage(error), cookies };
    }
  });
}

/** `/auth/backchannel-logout`: receives the provider's logout tokens. Their signature says who sent them. */
export function handleBackchannelLogout(request: HttpRequest): Promise<HttpResponse> {
  const handler: Handler = async (_, scope) => {
    const { identity } = services();
    if (!identity) throw new HttpError('not_found');
    if (request.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });
    checkContentEncoding(request);
    const { logoutBytes: maxBytes } = limits.identity;
    const body = await readBody(request, { maxBytes, deadline: limits.bodyDeadline });
    const token = new URLSearchParams(Buffer.from(body ?? []).toString()).get('logout_token') ?? '';
    if (await identity.endByProvider(token)) return { status: 200, headers: { ...noStore }, body: null };
    // Only what the provider did not send counts: it may end many sessions at once.
    await charge(request, scope);
    return jsonResponse({ error: 'invalid_request' }, { status: 400, headers: { ...noStore } });
  };
  return handleRequest(request, { name: backchannelLogoutPath, handler }, services());
}

/** Query parameter of a link from another site that a page of this site has followed. It prevents a loop. */
const followed = 'followed';

const noStore = { 'cache-control': 'no-store' };

/**
 * Runs a handler where users can sign in; elsewhere the route does not exist. A failed step leads to the page for signing
 * in, which explains the reason: the user sees a page, not an API.
 */
function handleAuth(
  request: HttpRequest,
  { name, method }: { name: string; method: 'GET' | 'POST' },
  handler: (identity: Identity, scope: RequestScope) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const checked: Handler = async (_, scope) => {
    const { identity } = services();
    if (!identity) throw new HttpError('not_found');
    if (request.method !== method) throw new HttpError('method_not_allowed', { headers: { allow: method } });
    try {
      return await handler(identity, scope);
    } catch (error) {
      if (!isAppError(error) || !explained.has(error.reason)) throw error;
      return failedPage(error, targetOf(request).searchParams.get('returnTo') ?? undefined);
    }
  };
  return handleRequest(request, { name, handler: checked }, services());
}

/** The reasons that the page for signing in explains. */
const explained: ReadonlySet<ErrorReason> = new Set([
  'sign_in_failed',
  'sign_in_denied',
  'identity_unavailable',
  'rate_limited',
]);

function failedPage(error: AppError, returnTo: string | undefined): HttpResponse {
  site().log.warn({ reason: error.reason, err: error }, 'sign-in failed');
  return problemPage(error, returnTo);
}

/** @param returnTo the page to return to after another try. The next sign-in checks it. */
function problemPage(error: AppError, returnTo?: string): HttpResponse {
  const { retryAfterSeconds } = error;
  const query = new URLSearchParams({
    problem: error.reason,
    ...(retryAfterSeconds ? { wait: String(retryAfterSeconds) } : {}),
    ...(returnTo === undefined ? {} : { returnTo }),
  });
  const page = leadTo(`${site().siteUrl}/sign-in?${query}`, 'Not signed in', []);
  return {
    ...page,
    status: error.httpStatus,
    headers: { ...page.headers, ...(retryAfterSeconds ? { 'retry-after': String(retryAfterSeconds) } : {}) },
  };
}

function site() {
  const { env, log } = services();
  return { siteUrl: env.SITE_URL, log };
}

function setCookie(cookie: Cookie, value: string, maxAge: number): string {
  return cookieHeader(cookie, value, { maxAge, siteUrl: site().siteUrl });
}

/** Returns whether a browser or Next only loads ahead: each sign-in that begins would cost a row. */
function isPrefetch({ headers }: HttpRequest): boolean {
  const purpose = `${headers.get('sec-purpose') ?? ''} ${headers.get('purpose') ?? ''}`;
  return purpose.includes('prefetch') || headers.get('next-router-prefetch') !== null;
}

/**
 * Rejects requests of images, frames and scripts.
 *
 * @throws HttpError `cross_origin`
 */
function requireNavigation({ headers }: HttpRequest): void {
  const [mode, destination] = [headers.get('sec-fetch-mode'), headers.get('sec-fetch-dest')];
  if ((mode ?? 'navigate') === 'navigate' && (destination ?? 'document') === 'document') return;
  throw new HttpError('cross_origin', { message: 'Open this address as a page.' });
}

/** Returns whether the browser is at `127.0.0.1` although the site is at `localhost`, or the like. */
function isOtherNameOfThisMachine({ headers }: HttpRequest, siteUrl: string): boolean {
  const host = URL.parse(`http://${headers.get('host') ?? ''}`)?.hostname;
  const { hostname } = siteUrlOf(siteUrl);
  return host !== undefined && host !== hostname && isLoopback(host) && isLoopback(hostname);
}

/** @throws AppError `rate_limited` */
async function charge({ headers }: HttpRequest, scope: RequestScope): Promise<void> {
  const { env, rateLimiter, metrics } = services();
  const principal = visitorPrincipal(headers, env.TRUSTED_PROXY_HOPS);
  scope.principal = principal;
  await enforce({ principal, scope, rateLimiter, metrics }, 'signIn');
}

/**
 * Returns a page that leads to a URL at once. A redirect would not do: after one from another site, browsers do not send
 * cookies with SameSite=Strict, and the form-action of the page with the form would forbid the way to the provider.
 */
function leadTo(url: string, title: string, cookies: readonly string[]): HttpResponse {
  const target = escapeHtml(url);
  return {
    status: 200,
    headers: { ...noStore, 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${target}">
<title>${title}</title>
<p>${title}. <a href="${target}">Continue</a></p>
</html>
`,
    cookies,
  };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
