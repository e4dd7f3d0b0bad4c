import { cookies } from 'next/headers';
import { NextResponse } from 'next/server';
import { api } from '#app/api.ts';
import { withEnvelope } from '#server/door/envelope.ts';
import { readForm } from '#server/door/form.ts';
import { services } from '#server/services.ts';
import { type ChosenPlace, chosenPlaceCookie, parseChosenPlace, readChosenPlace } from '../chosen-place.ts';

const thirtyDays = 30 * 24 * 60 * 60;

/**
 * Chooses a place without JavaScript: by `search`, whose best hit is taken, or by the fields of a place or of
 * the units. Answers with the weather page. A POST, so that the place is in no URL, log or history.
 */
export function POST(request: Request): Promise<Response> {
  return withEnvelope(request, async () => {
    const form = await readForm(request, services().env.SITE_URL);
    const jar = await cookies();
    const current = readChosenPlace(jar.get(chosenPlaceCookie)?.value);
    const chosen = form.search
      ? await bestHit(form.search, current)
      : parseChosenPlace({ ...current, ...form });
    const response = new NextResponse(null, {
      status: 303,
      headers: { location: chosen ? '/weather' : '/weather?search=none' },
    });
    if (chosen) {
      response.cookies.set(chosenPlaceCookie, JSON.stringify(chosen), {
        path: '/weather',
        maxAge: thirtyDays,
        sameSite: 'lax',
        secure: services().env.SITE_URL.startsWith('https:'),
      });
    }
    return response;
  });
}

async function bestHit(name: string, current: ChosenPlace): Promise<ChosenPlace | undefined> {
  const [place] = await api.weather.places({ name, count: 1 });
  if (!place) return undefined;
  const label = [place.name, place.country].filter(Boolean).join(', ');
  return { name: label, lat: place.lat, lng: place.lng, units: current.units };
}
