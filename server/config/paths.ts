import { customFormRoutes } from '#server/custom/pages.ts';

/** The tRPC endpoint. */
export const trpcEndpoint = '/api/trpc';
/** Prefix of the streaming endpoints, followed by the upstream and its path. */
export const rawEndpoint = '/api/raw';
/** Prefix of the files of buckets, followed by the id and the name. */
export const filesEndpoint = '/api/files';
/** The mails of the inbox as JSON, where no mail server is configured. */
export const inboxEndpoint = '/api/inbox';
/** Routes of Next that take posted forms, for browsers without JavaScript. */
export const formRoutes: readonly string[] = [
  '/contact/send',
  '/account/end-session',
  '/account/end-others',
  '/account/unlink',
  '/inbox/delete',
  ...customFormRoutes,
];
/** The steps of signing in and out. */
export const signInPath = '/auth/sign-in';
export const callbackPath = '/auth/callback';
export const signOutPath = '/auth/sign-out';
/** Asks for a link by mail, and the page that the link leads to. */
export const emailSignInPath = '/auth/email';
export const confirmEmailPath = '/auth/email/confirm';
/** Begins a sign-in with which the user can sign in from then on, too. */
export const linkPath = '/auth/link';
/** The provider posts there that it has ended a session. */
export const backchannelLogoutPath = '/auth/backchannel-logout';
/** Says who gives access tokens for this API (RFC 9728). The path of a resource follows. */
export const protectedResourcePath = '/.well-known/oauth-protected-resource';
/** The Model Context Protocol endpoint, which offers the procedures as tools. */
export const mcpEndpoint = '/mcp';

/** Returns whether a path belongs to the documentation, whose pages are HTML or Markdown, depending on Accept. */
export function isDocsPage(pathname: string): boolean {
  return pathname === '/docs' || pathname.startsWith('/docs/');
}
/** The webhook that other systems call, with a signature, when the feed has changed. */
export const revalidateEndpoint = '/api/revalidate';
/** Prefix of the webhooks of `server/custom/webhooks.ts`, followed by their name. */
export const webhooksEndpoint = '/api/webhooks';
