import { api } from '#app/_lib/api.ts';
import { problemQuery } from '#app/_lib/problem-query.ts';
import { readForm } from '#server/http/form.ts';
import { handleRequest } from '#server/http/handle-request.ts';
import type { HttpRequest } from '#server/http/request.ts';
import type { HttpResponse } from '#server/http/response.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { toAppError } from '#server/trpc/init.ts';

const fields = [
  'email',
  'name',
  'subject',
  'contents',
  'idempotencyKey',
  'leaveEmpty',
  'shownAt',
] as const satisfies (keyof Parameters<typeof api.email.send>[0])[];

/** Handles the contact form without JavaScript: sends the mail and redirects to the page, which shows the outcome. */
export const POST = routeHandler((request) =>
  handleRequest(request, { name: '/contact/send', handler }, services()),
);

async function handler(request: HttpRequest): Promise<HttpResponse> {
  const {
    email = '',
    contents = '',
    ...optional
  } = await readForm(request, {
    siteUrl: services().env.SITE_URL,
    fields,
  });
  const outcome = await api.email
    .send({ ...optional, email, contents })
    .then(({ id }) => `mail=${id}`)
    .catch((error: unknown) => problemQuery(toAppError(error)));
  return { status: 303, headers: { location: `/contact?${outcome}` }, body: null };
}
