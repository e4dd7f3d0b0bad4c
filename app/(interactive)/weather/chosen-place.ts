import { z } from 'zod';

/**
 * The cookie with the place, units and days that the visitor chose. The server reads it for the first paint, so that
 * no URL contains a location.
 */
export const chosenPlaceCookie = 'weather-place';

const chosenPlaceSchema = z.object({
  name: z.string().min(1).max(200),
  lat: z.coerce.number().min(-90).max(90),
  lng: z.coerce.number().min(-180).max(180),
  units: z.enum(['metric', 'imperial']).default('metric'),
  days: z.coerce
    .number()
    .pipe(z.literal([7, 16]))
    .default(7),
});

export type ChosenPlace = z.output<typeof chosenPlaceSchema>;

const defaultPlace: ChosenPlace = {
  name: 'Berlin, Germany',
  lat: 52.52,
  lng: 13.41,
  units: 'metric',
  days: 7,
};

/** Reads the cookie's value. Returns the default place if it is not valid. */
export function readChosenPlace(cookie: string | undefined): ChosenPlace {
  if (!cookie) return defaultPlace;
  try {
    return chosenPlaceSchema.catch(defaultPlace).parse(JSON.parse(cookie));
  } catch {
    return defaultPlace;
  }
}

export function parseChosenPlace(fields: unknown): ChosenPlace | undefined {
  return chosenPlaceSchema.safeParse(fields).data;
}
