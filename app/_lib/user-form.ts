import { readForm } from '#server/http/form.ts';
import { handleRequest } from '#server/http/handle-request.ts';
import { HttpError } from '#server/http/http-error.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { toAppError } from '#server/trpc/init.ts';
import { problemQuery } from './problem-query.ts';

/**
 * Returns the handler of a form of a page for users. It redirects to the page, which shows the outcome.
 *
 * @param options.isOffered returns whether the page exists; by default where users can sign in
 * @param submit returns the query of the page
 */
export function userForm<Field extends string>(
  {
    route,
    page,
    fields,
    isOffered = () => services().identity !== undefined,
  }: { route: string; page: string; fields: readonly Field[]; isOffered?: () => boolean },
  submit: (form: Partial<Record<Field, string>>) => Promise<string>,
) {
  return routeHandler((request) =>
    handleRequest(
      request,
      {
        name: route,
        async handler() {
          if (!isOffered()) throw new HttpError('not_found');
          const form = await readForm(request, { siteUrl: services().env.SITE_URL, fields });
          const query = await submit(form).catch((error: unknown) => problemQuery(toAppError(error)));
          return { status: 303, headers: { location: `${page}?${query}` }, body: null };
        },
      },
      services(),
    ),
  );
}
