import {
  isRecord,
  jsonReply,
  parseJson,
  type Reply,
  type RequestHandler,
  type StandInRequest,
} from '#tests/support/upstreams/reply.ts';
import { renderMarkdown } from './github-markdown.ts';
import { releasesPage } from './github-releases.ts';
import { findRepository } from './github-repositories.ts';

const DOCS = 'https://docs.github.com/rest';
const PER_PAGE = { byDefault: 30, max: 100 };

/** Serves a part of GitHub's REST API (https://docs.github.com/en/rest): repositories, releases, Markdown rendering. */
export function githubApi(): RequestHandler {
  return (request) => {
    if (!request.headers['user-agent']) return noUserAgent();
    const [, root, owner, name, leaf, ...rest] = request.url.pathname.split('/');
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (root === 'repos' && owner && name && reads && rest.length === 0) {
      if (leaf === undefined) return repository(`${owner}/${name}`);
      if (leaf === 'releases') return releases(`${owner}/${name}`, request.url);
    }
    if (request.url.pathname === '/markdown' && request.method === 'POST') return markdown(request);
    return errorReply(404, 'Not Found');
  };
}

function repository(fullName: string): Reply {
  const known = findRepository(fullName);
  return known === undefined ? errorReply(404, 'Not Found') : jsonReply(200, known.repository);
}

function releases(fullName: string, url: URL): Reply {
  const known = findRepository(fullName);
  if (known === undefined) return errorReply(404, 'Not Found');
  const perPage = Math.min(PER_PAGE.max, positive(url.searchParams.get('per_page')) ?? PER_PAGE.byDefault);
  const page = positive(url.searchParams.get('page')) ?? 1;
  const link = pageLinks(url, page, Math.max(1, Math.ceil(known.releases / perPage)));
  return jsonReply(
    200,
    releasesPage(known.repository, known.releases, perPage, page),
    link === '' ? {} : { link },
  );
}

/** Returns RFC 8288 links to adjacent pages, as GitHub sends them. Empty if there is a single page. */
function pageLinks(url: URL, page: number, last: number): string {
  const to = (rel: string, number: number) => {
    const target = new URL(url);
    target.searchParams.set('page', String(number));
    return `<${target.href}>; rel="${rel}"`;
  };
  const back = page > 1 ? [to('prev', Math.min(page - 1, last)), to('first', 1)] : [];
  const forth = page < last ? [to('next', page + 1), to('last', last)] : [];
  return [...back, ...forth].join(', ');
}

function markdown({ body }: StandInRequest): Reply {
  const value = parseJson(body);
  if (value === undefined) return errorReply(400, 'Problems parsing JSON');
  if (!isRecord(value)) return errorReply(422, 'Invalid request.\n\nBody should be a JSON object');
  const { text, mode = 'markdown', context } = value;
  if (typeof text !== 'string') return errorReply(422, 'Invalid request.\n\n"text" wasn\'t supplied.');
  if (mode !== 'markdown' && mode !== 'gfm')
    return errorReply(422, 'Invalid request.\n\n"mode" is not a known mode.');
  if (context !== undefined && typeof context !== 'string') {
    return errorReply(422, 'Invalid request.\n\n"context" is not a string.');
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: renderMarkdown(text, mode),
  };
}

function errorReply(status: number, message: string): Reply {
  return jsonReply(status, { message, documentation_url: DOCS, status: String(status) });
}

/** GitHub's edge rejects the request before the API, so the body is not JSON. */
function noUserAgent(): Reply {
  return {
    status: 403,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).\n',
  };
}

/** Parses a positive integer. Returns undefined for anything else, where GitHub uses the default. */
function positive(text: string | null): number | undefined {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
