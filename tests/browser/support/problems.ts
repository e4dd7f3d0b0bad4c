import type { Page } from 'playwright-core';

/** A problem of a page. `url` is set if it belongs to one request. */
type Problem = { text: string; url: string | undefined };

/** Returns all problems of a page so far, one line each. */
export type Problems = () => string[];

/**
 * Collects the problems of a page: errors and warnings of the console (React reports failed hydration there), uncaught
 * errors, failed requests, responses with status 400 and above, and requests to other hosts.
 */
export function watchProblems(page: Page, baseUrl: string): Problems {
  const requests: Problem[] = [];
  const others: Problem[] = [];
  const { origin } = new URL(baseUrl);

  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // A link that has the focus or the pointer loads the style sheet of its page ahead. Not every such page is visited.
    if (/\.css was preloaded using link preload but not used/.test(message.text())) return;
    const { url } = message.location();
    others.push({ text: `console ${message.type()}: ${message.text()} (${url})`, url });
  });
  page.on('pageerror', (error) => others.push({ text: `uncaught: ${error.message}`, url: undefined }));
  page.on('request', (request) => {
    const { protocol, origin: requested } = new URL(request.url());
    if (protocol.startsWith('http') && requested !== origin) {
      others.push({ text: `request to another host: ${request.url()}`, url: request.url() });
    }
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'unknown';
    // A navigation aborts running prefetches. A browser without JavaScript blocks scripts.
    if (reason === 'net::ERR_ABORTED' || reason === 'csp') return;
    requests.push({ text: `${reason}: ${request.method()} ${pathOf(request.url())}`, url: request.url() });
  });
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const { method, url } = { method: response.request().method(), url: response.url() };
    requests.push({ text: `${response.status()}: ${method} ${pathOf(url)}`, url });
  });

  /** The console repeats each failed response. */
  const isDuplicate = ({ text, url }: Problem) =>
    text.startsWith('console error: Failed to load resource') && requests.some((known) => known.url === url);

  return () => [...requests, ...others.filter((problem) => !isDuplicate(problem))].map(({ text }) => text);
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
