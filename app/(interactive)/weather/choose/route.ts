import { cookies, headers } from 'next/headers';
import { api } from '#app/_lib/api.ts';
import { problemQuery } from '#app/_lib/problem-query.ts';
import { readForm } from '#server/http/form.ts';
import { handleRequest } from '#server/http/handle-request.ts';
import type { HttpRequest } from '#server/http/request.ts';
import type { HttpResponse } from '#server/http/response.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { toAppError } from '#server/trpc/init.ts';
import { type ChosenPlace, chosenPlaceCookie, parseChosenPlace, readChosenPlace } from '../chosen-place.ts';
import { labelOf } from '../place-label.ts';
import { visitorLocale } from '../visitor-locale.ts';

const fields = ['search', 'name', 'lat', 'lng', 'units', 'days'] as const;

const thirtyDays = 30 * 24 * 60 * 60;

/**
 * Handles the forms of the weather page: `search` chooses the best match, the other fields set a place, the units or
 * the number of days. Stores the choice in a cookie and redirects to the page. Uses POST, so that no URL, log or
 * history contains the place.
 */
export const POST = routeHandler((request) =>
  handleRequest(request, { name: '/weather/choose', handler }, services()),
);

async function handler(request: HttpRequest): Promise<HttpResponse> {
  const form = await readForm(request, { siteUrl: services().env.SITE_URL, fields });
  const jar = await cookies();
  const current = readChosenPlace(jar.get(chosenPlaceCookie)?.value);
  const { chosen, problem = 'search=none' } = form.search
    ? await search(form.search, current)
    : { chosen: parseChosenPlace({ ...current, ...form }) };
  if (chosen) {
    jar.set(chosenPlaceCookie, JSON.stringify(chosen), {
      path: '/weather',
      maxAge: thirtyDays,
      sameSite: 'lax',
      secure: services().env.SITE_URL.startsWith('https:'),
    });
  }
  const location = chosen ? '/weather' : `/weather?${problem}`;
  return { status: 303, headers: { location }, body: null };
}

/** Returns the best match, nothing if there is none, or the query of the redirect after an error. */
async function search(
  name: string,
  current: ChosenPlace,
): Promise<{ chosen?: ChosenPlace; problem?: URLSearchParams }> {
  try {
    const { language } = visitorLocale((await headers()).get('accept-language'));
    const [place] = await api.weather.places({ name, language, count: 1 });
    return place ? { chosen: { ...current, name: labelOf(place), lat: place.lat, lng: place.lng } } : {};
  } catch (error) {
    return { problem: problemQuery(toAppError(error)) };
  }
}
