import type { Page } from 'playwright-core';

/** Something that a page must not do; `url` where it belongs to one request. */
type Problem = { text: string; url: string | undefined };

/** Everything that went wrong on a page so far, a line each. */
export type Problems = () => string[];

/**
 * Listens to a page: errors and warnings of the console (React reports a failed hydration there), errors that
 * nobody caught, requests that failed, answers of 400 and above, and requests to any other host.
 */
export function watchProblems(page: Page, baseUrl: string): Problems {
  const requests: Problem[] = [];
  const others: Problem[] = [];
  const { origin } = new URL(baseUrl);

  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const { url } = message.location();
    others.push({ text: `console ${message.type()}: ${message.text()} (${url})`, url });
  });
  page.on('pageerror', (error) => others.push({ text: `uncaught: ${error.message}`, url: undefined }));
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol.startsWith('http') && asked !== origin) {
      others.push({ text: `another host was asked: ${request.url()}`, url: request.url() });
    }
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'unknown';
    // A navigation ends the prefetches that are still under way; a browser without JavaScript loads no script.
    if (reason === 'net::ERR_ABORTED' || reason === 'csp') return;
    requests.push({ text: `${reason}: ${request.method()} ${pathOf(request.url())}`, url: request.url() });
  });
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const { method, url } = { method: response.request().method(), url: response.url() };
    requests.push({ text: `${response.status()}: ${method} ${pathOf(url)}`, url });
  });

  /** The console says once more what the answer's status said. */
  const isEcho = ({ text, url }: Problem) =>
    text.startsWith('console error: Failed to load resource') && requests.some((known) => known.url === url);

  return () => [...requests, ...others.filter((problem) => !isEcho(problem))].map(({ text }) => text);
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
