import { limits } from '../config/limits.ts';
import { backchannelLogoutPath, callbackPath, linkPath, signInPath, signOutPath } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { readBody } from '../http/body.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { readCookie } from '../http/cookie.ts';
import { isFromThisSite } from '../http/csrf.ts';
import { readForm } from '../http/form.ts';
import { type Handler, handleRequest } from '../http/handle-request.ts';
import { isLoopback, siteUrlOf } from '../http/host.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import { type HttpResponse, jsonResponse } from '../http/response.ts';
import { browserCookie, sessionCookie, sessionCookieOf, signedInCookie } from '../http/session-cookie.ts';
import { deviceOf } from '../identity/device.ts';
import { linkStatePrefix } from '../identity/provider-sign-in.ts';
import { services } from '../services.ts';
import {
  charge,
  failedPage,
  handleAuth,
  leadTo,
  linkingSessionOf,
  noStore,
  problemPage,
  setCookie,
  site,
} from './auth-pages.ts';

/**
 * `/auth/sign-in?returnTo=<path>`: begins a sign-in and redirects to the provider. `again=1` makes the provider ask the
 * user to prove who they are again. Only a navigation of a whole page begins one. Where users can also sign in by mail, it
 * redirects to the page for choosing, unless `with=provider` says that they have chosen.
 */
export function handleSignIn(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: signInPath, methods: ['GET'] }, async (identity, scope) => {
    if (isPrefetch(request)) return { status: 204, headers: { ...noStore }, body: null };
    requireNavigation(request);
    const { searchParams, search } = targetOf(request);
    const { siteUrl } = site();
    if (identity.providerName === undefined || (identity.email && searchParams.get('with') !== 'provider')) {
      // The user chooses there how to sign in.
      return { status: 303, headers: { ...noStore, location: `${siteUrl}/sign-in${search}` }, body: null };
    }
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
      cookies: [setCookie(browserCookie, browser, limits.identity.browserCookieLifetime)],
    };
  });
}

/**
 * `/auth/callback`: finishes a sign-in, to which the provider sends the browser back, and leads to the page that it began
 * on.
 */
export function handleCallback(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: callbackPath, methods: ['GET'] }, async (identity, scope) => {
    if (identity.providerName === undefined) throw new HttpError('not_found');
    requireNavigation(request);
    const { headers } = request;
    const { siteUrl } = site();
    const { searchParams } = targetOf(request);
    const session = sessionCookieOf(headers, siteUrl);
    const needsSession = searchParams.get('state')?.startsWith(linkStatePrefix) === true;
    // The session cookie does not come with the way back from the provider.
    if (needsSession && session === undefined && !searchParams.has(followed)) {
      searchParams.set(followed, '1');
      return leadTo(`${siteUrl}${callbackPath}?${searchParams}`, 'Sign in', []);
    }
    searchParams.delete(followed);
    const finished = await identity.finishSignIn({
      browser: readCookie(headers, browserCookie, siteUrl),
      session,
      search: `?${searchParams}`,
      device: deviceOf(headers.get('user-agent')),
    });
    if (finished.kind === 'failed') {
      const { error, returnPath } = finished;
      // Not a sign-in of this browser: made-up callbacks would cost a query each.
      const isMadeUp = error.reason === 'sign_in_failed' && returnPath === undefined;
      if (isMadeUp) await charge(request, scope);
      return failedPage(error, returnPath);
    }
    if (finished.kind === 'not_linked') return leadTo(`${siteUrl}${finished.returnPath}`, 'Not added', []);
    const { cookie, lifetime, returnPath } = finished;
    return leadTo(`${siteUrl}${returnPath}`, 'Signed in', [
      setCookie(sessionCookie, cookie, lifetime),
      setCookie(signedInCookie, '1', lifetime),
    ]);
  });
}

/**
 * `/auth/link`: begins a sign-in with which the user of a posted form can sign in from then on, too. The user must have
 * signed in a short time ago.
 */
export function handleLink(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: linkPath, methods: ['POST'] }, async (identity, scope) => {
    const { siteUrl } = site();
    await readForm(request, { siteUrl, fields: [] });
    await charge(request, scope);
    const { headers } = request;
    const session = await linkingSessionOf(headers, identity);
    if ('status' in session) return session;
    const { url, browser } = await identity.beginSignIn({
      browser: readCookie(headers, browserCookie, siteUrl),
      session: sessionCookieOf(headers, siteUrl),
      returnTo: '/account',
      isFresh: true,
      links: true,
    });
    return leadTo(url, 'Sign in', [setCookie(browserCookie, browser, limits.identity.browserCookieLifetime)]);
  });
}

/** `/auth/sign-out`: ends the session of a posted form and leads to the provider's page that ends its own session. */
export function handleSignOut(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: signOutPath, methods: ['POST'] }, async (identity) => {
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
    if (identity?.providerName === undefined) throw new HttpError('not_found');
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
