import { createHash } from 'node:crypto';
import { limits } from '../config/limits.ts';
import { confirmEmailPath, emailSignInPath } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { readCookie } from '../http/cookie.ts';
import { readForm } from '../http/form.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { browserCookie, sessionCookie, sessionCookieOf, signedInCookie } from '../http/session-cookie.ts';
import { deviceOf } from '../identity/device.ts';
import { normalAddressOf } from '../identity/email-address.ts';
import type { EmailSignIn } from '../identity/email-sign-in.ts';
import type { Identity } from '../identity/identity.ts';
import { inGroups } from '../identity/sign-in-mail.ts';
import { senderKeyOf } from '../mail/screening.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { networkOf } from '../principal.ts';
import { enforceQuota } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';
import {
  charge,
  escapeHtml,
  handleAuth,
  leadTo,
  leadToAccount,
  linkingSessionOf,
  noStore,
  setCookie,
  site,
} from './auth-pages.ts';
import type { MailStep } from './mail-step.ts';

/**
 * `/auth/email`: a posted form asks for a mail with a link and a code; with `link=1`, for the user who is signed in to add
 * the address to their account. `GET /auth/email?t=<token>` is that link: it shows a
 * page and changes nothing, because programs open the links of mails, too.
 */
export function handleEmailSignIn(request: HttpRequest): Promise<HttpResponse> {
  const methods = ['GET', 'HEAD', 'POST'] as const;
  return handleAuth(request, { name: emailSignInPath, methods }, (identity, scope) => {
    const email = emailOf(identity);
    return request.method === 'POST'
      ? askForMail(request, { identity, email }, scope)
      : showLink(request, email, scope);
  });
}

/** `/auth/email/confirm`: a posted form finishes a sign-in with the token of the link, or with the code. */
export function handleConfirmEmail(request: HttpRequest): Promise<HttpResponse> {
  return handleAuth(request, { name: confirmEmailPath, methods: ['POST'] }, async (identity, scope) => {
    const email = emailOf(identity);
    const { siteUrl } = site();
    const { headers } = request;
    const {
      token,
      code = '',
      returnTo,
    } = await readForm(request, {
      siteUrl,
      fields: ['token', 'code', 'returnTo'],
    });
    await charge(request, scope);
    const confirmed = await email.confirm({
      proof: token === undefined ? { code } : { token },
      browser: readCookie(headers, browserCookie, siteUrl),
      session: sessionCookieOf(headers, siteUrl),
      device: deviceOf(headers.get('user-agent')),
    });
    if (confirmed.kind === 'over') return failedStep('over', { returnTo });
    if (confirmed.kind === 'wrong_code') return failedStep('wrong-code', { returnTo });
    if (confirmed.kind === 'linked') return leadTo(`${siteUrl}${confirmed.returnPath}`, 'Your account', []);
    const { cookie, lifetime, returnPath } = confirmed;
    return leadTo(returnPath, 'Signed in', [
      setCookie(sessionCookie, cookie, lifetime),
      setCookie(signedInCookie, '1', lifetime),
    ]);
  });
}

/** @throws HttpError `not_found` where users cannot sign in by mail */
function emailOf({ email }: Identity): EmailSignIn {
  if (!email) throw new HttpError('not_found');
  return email;
}

async function askForMail(
  request: HttpRequest,
  { identity, email }: { identity: Identity; email: EmailSignIn },
  scope: RequestScope,
): Promise<HttpResponse> {
  const { siteUrl } = site();
  const { headers } = request;
  const fields = ['email', 'returnTo', 'link'] as const;
  const { email: typed = '', link, ...given } = await readForm(request, { siteUrl, fields });
  const links = link === '1';
  const returnTo = links ? '/account' : given.returnTo;
  const { key } = await charge(request, scope);
  const linkTo = links ? await linkingSessionOf(headers, identity) : undefined;
  if (linkTo && 'status' in linkTo) return linkTo;
  const address = normalAddressOf(typed.trim());
  if (address === undefined) {
    return links ? leadToAccount({ linked: 'not-an-address' }) : failedStep('not-an-address', { returnTo });
  }
  try {
    await enforceMailQuotas(address, networkOf(key, 48) ?? key);
  } catch (error) {
    if (!isAppError(error)) throw error;
    const { reason, retryAfterSeconds: wait } = error;
    if (links) return leadToAccount({ problem: reason, ...(wait ? { wait: String(wait) } : {}) });
    return failedStep('too-many', { returnTo, wait });
  }
  const { browser } = await email.ask({
    address,
    returnTo,
    device: deviceOf(headers.get('user-agent')),
    browser: readCookie(headers, browserCookie, siteUrl),
    linkTo,
  });
  return {
    status: 303,
    headers: { ...noStore, location: stepUrl('sent', { returnTo }) },
    body: null,
    cookies: [setCookie(browserCookie, browser, limits.identity.browserCookieLifetime)],
  };
}

/**
 * Charges one mail to the client, to its recipient and to the site, whether the recipient may sign in or not. The client
 * comes first: the mails that a stranger is refused do not count for the recipient.
 *
 * @param client address of the client, or its IPv6 /48, which can be that of one subscriber
 * @throws AppError `rate_limited`
 */
async function enforceMailQuotas(address: string, client: string): Promise<void> {
  const recipient = senderKeyOf(address);
  const recipientOfClient = senderKeyOf(`${address} ${client}`);
  await enforceQuota(services(), 'signInMailClient', client);
  await enforceQuota(services(), 'mailAddress', recipientOfClient);
  await enforceQuota(services(), 'mailAddressDaily', recipientOfClient);
  await enforceQuota(services(), 'mailAddressTotal', recipient);
  await enforceQuota(services(), 'signInMailSite', 'all');
}

async function showLink(
  request: HttpRequest,
  email: EmailSignIn,
  scope: RequestScope,
): Promise<HttpResponse> {
  const { siteUrl } = site();
  const token = targetOf(request).searchParams.get('t') ?? '';
  const found = await email.look(token, readCookie(request.headers, browserCookie, siteUrl));
  if (!found) {
    // Made-up links would cost a query each.
    await charge(request, scope);
    return failedStep('over', {});
  }
  return found.kind === 'own' ? ownLinkPage(token, found.links) : otherBrowserPage(found.code, found.links);
}

/** The page of a link in the browser that asked for the mail. */
function ownLinkPage(token: string, links: boolean): HttpResponse {
  const host = escapeHtml(new URL(site().siteUrl).host);
  const title = links ? 'Add this address' : 'Sign in';
  const effect = links ? `It adds the address to your account at ${host}.` : `It signs you in to ${host}.`;
  return linkPage(
    title,
    `<p>You asked for this mail in this browser. ${effect}</p>
<form method="post" action="${confirmEmailPath}">
<input type="hidden" name="token" value="${escapeHtml(token)}">
<button type="submit">${title}</button>
</form>`,
    // Without a referrer, browsers send the form with `Origin: null`, as pages of other sites could.
    'same-origin',
  );
}

/** The page of a link in another browser. It can do nothing there but show the code. */
function otherBrowserPage(code: string, links: boolean): HttpResponse {
  const host = escapeHtml(new URL(site().siteUrl).host);
  const purpose = links ? `add your address to an account at ${host}` : `sign in to ${host} there`;
  const danger = links ? 'your address would lead to their account' : 'they would sign in as you';
  return linkPage(
    'Type this code',
    `<p>The mail was asked for in another browser. To ${purpose}, type this code in the page that is open in it:</p>
<p class="code">${inGroups(code)}</p>
<p>Did somebody else ask you for the code? Do not tell them: ${danger}.</p>`,
    'no-referrer',
  );
}

function stepUrl(
  step: MailStep,
  { returnTo, wait }: { returnTo?: string | undefined; wait?: number | undefined },
): string {
  const query = new URLSearchParams({
    mail: step,
    ...(wait === undefined ? {} : { wait: String(wait) }),
    ...(returnTo === undefined ? {} : { returnTo }),
  });
  return `/sign-in?${query}`;
}

function failedStep(
  step: Exclude<MailStep, 'sent'>,
  details: { returnTo?: string | undefined; wait?: number | undefined },
): HttpResponse {
  const page = leadTo(stepUrl(step, details), 'Not signed in', []);
  const { wait } = details;
  return {
    ...page,
    status: step === 'too-many' ? 429 : 400,
    headers: { ...page.headers, ...(wait === undefined ? {} : { 'retry-after': String(wait) }) },
  };
}

const style = `
:root { color-scheme: light dark; --page: #fbfbf9; --ink: #1c2024; --accent: #0b5fa5; --on-accent: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --page: #111418; --ink: #e8eaed; --accent: #7cc0ff; --on-accent: #0c1a26; }
}
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.6 ui-sans-serif, system-ui, sans-serif; }
main { max-width: 32rem; margin: 0 auto; padding: 15vh 1.25rem 2rem; }
h1 { font-size: 1.875rem; line-height: 1.2; letter-spacing: -0.02em; }
button { min-height: 2.75rem; padding: 0 1.25rem; border: 0; border-radius: 0.5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 500; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.code { font: 600 2rem/1.2 ui-monospace, monospace; letter-spacing: 0.1em; }
`;

const contentPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** A page that loads nothing, so that its URL, which contains the token, is sent to no other server. */
function linkPage(
  title: string,
  content: string,
  referrerPolicy: 'no-referrer' | 'same-origin',
): HttpResponse {
  return {
    status: 200,
    headers: { ...noStore, 'content-type': 'text/html; charset=utf-8', 'x-robots-tag': 'noindex' },
    page: { contentPolicy, referrerPolicy },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`,
  };
}
