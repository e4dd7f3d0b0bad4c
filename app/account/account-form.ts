import { problemQuery } from '#app/_lib/problem-query.ts';
import { readForm } from '#server/http/form.ts';
import { handleRequest } from '#server/http/handle-request.ts';
import { HttpError } from '#server/http/http-error.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { toAppError } from '#server/trpc/init.ts';

/**
 * Returns the handler of a form of the account page. It redirects to the page, which shows the outcome.
 *
 * @param submit returns the query of the page
 */
export function accountForm<Field extends string>(
  name: string,
  fields: readonly Field[],
  submit: (form: Partial<Record<Field, string>>) => Promise<string>,
) {
  return routeHandler((request) =>
    handleRequest(
      request,
      {
        name,
        async handler() {
          if (!services().identity) throw new HttpError('not_found');
          const form = await readForm(request, { siteUrl: services().env.SITE_URL, fields });
          const query = await submit(form).catch((error: unknown) => problemQuery(toAppError(error)));
          return { status: 303, headers: { location: `/account?${query}` }, body: null };
        },
      },
      services(),
    ),
  );
}
