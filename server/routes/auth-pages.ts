import { limits } from '../config/limits.ts';
import { AppError, type ErrorReason, isAppError } from '../errors.ts';
import { userOrVisitor, type Visitor, visitorPrincipal } from '../http/authenticate.ts';
import { type Cookie, cookieHeader } from '../http/cookie.ts';
import { type Handler, handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import type { Identity } from '../identity/identity.ts';
import type { LinkingSession } from '../identity/linked-identities.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { requireUser } from '../principal.ts';
import { enforce } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';

export const noStore = { 'cache-control': 'no-store' };

/**
 * Runs a handler where users can sign in; elsewhere the route does not exist. A failed step leads to the page for signing
 * in, which explains the reason: the user sees a page, not an API.
 */
export function handleAuth(
  request: HttpRequest,
  { name, methods }: { name: string; methods: readonly ('GET' | 'HEAD' | 'POST')[] },
  handler: (identity: Identity, scope: RequestScope) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const checked: Handler = async (_, scope) => {
    const { identity } = services();
    if (!identity) throw new HttpError('not_found');
    if (!methods.some((method) => method === request.method)) {
      throw new HttpError('method_not_allowed', { headers: { allow: methods.join(', ') } });
    }
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

export function failedPage(error: AppError, returnTo: string | undefined): HttpResponse {
  site().log.warn({ reason: error.reason, err: error }, 'sign-in failed');
  return problemPage(error, returnTo);
}

/** @param returnTo the page to return to after another try. The next sign-in checks it. */
export function problemPage(error: AppError, returnTo?: string): HttpResponse {
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

export function site() {
  const { env, log } = services();
  return { siteUrl: env.SITE_URL, log };
}

export function setCookie(cookie: Cookie, value: string, maxAge: number): string {
  return cookieHeader(cookie, value, { maxAge, siteUrl: site().siteUrl });
}

/**
 * Charges one step of a sign-in to the client.
 *
 * @returns the client
 * @throws AppError `rate_limited`
 */
export async function charge({ headers }: HttpRequest, scope: RequestScope): Promise<Visitor> {
  const { env, rateLimiter, metrics } = services();
  const principal = visitorPrincipal(headers, env.TRUSTED_PROXY_HOPS);
  scope.principal = principal;
  await enforce({ principal, scope, rateLimiter, metrics }, 'signIn');
  return principal;
}

/**
 * Returns the session of a user who signed in a short time ago and may add a way to sign in, or the response that leads to
 * the account page, which explains why not.
 */
export async function linkingSessionOf(
  headers: HttpRequest['headers'],
  identity: Identity,
): Promise<LinkingSession | HttpResponse> {
  try {
    const principal = await userOrVisitor(headers, services().env, identity);
    const user = requireUser(principal, { maxAge: limits.identity.linkingMaxAge, session: true });
    if (!user.session) throw new AppError('sign_in_required');
    return { id: user.session.id, userId: user.id };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return leadToAccount({ problem: error.reason });
  }
}

/** Returns a redirect to the account page. */
export function leadToAccount(query: Record<string, string>): HttpResponse {
  const location = `/account?${new URLSearchParams(query)}`;
  return { status: 303, headers: { ...noStore, location }, body: null };
}

/**
 * Returns a page that leads to a URL at once. A redirect would not do: after one from another site, browsers do not send
 * cookies with SameSite=Strict, and the form-action of the page with the form would forbid the way to the provider.
 */
export function leadTo(url: string, title: string, cookies: readonly string[]): HttpResponse {
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

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
