import { api } from '#app/api.ts';
import type { Answer } from '#server/door/answer.ts';
import type { DoorRequest } from '#server/door/door-request.ts';
import { readForm } from '#server/door/form.ts';
import { routeHandler } from '#server/door/route-handlers.ts';
import { serve } from '#server/door/serve.ts';
import type { AppError } from '#server/errors.ts';
import { services } from '#server/services.ts';
import { toAppError } from '#server/trpc.ts';

/** The contact form without JavaScript: sends the mail and goes back to the page, which tells the outcome. */
export const POST = routeHandler((request) => serve(request, { name: '/contact/send', handler }));

async function handler(request: DoorRequest): Promise<Answer> {
  const { email = '', contents = '', ...others } = await readForm(request, services().env.SITE_URL);
  const outcome = await api.email
    .send({ ...others, email, contents })
    .then(({ id }) => `mail=${id}`)
    .catch((error: unknown) => problemQuery(toAppError(error)));
  return { status: 303, headers: { location: `/contact?${outcome}` }, body: null };
}

/** The reason and the fields that it is about; never what stood in them. */
function problemQuery({ reason, fieldErrors = {} }: AppError): URLSearchParams {
  return new URLSearchParams([
    ['problem', reason],
    ...Object.keys(fieldErrors).map((field) => ['field', field]),
  ]);
}
