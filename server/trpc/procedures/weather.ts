import { forecastInput, forecastOutput, placesInput, placesOutput } from '../../weather/schema.ts';
import { publicProcedure, router } from '../init.ts';

export const weather = router({
  forecast: publicProcedure({
    summary: 'The weather at a place, now and for up to 16 days',
    description:
      'Current, hourly and daily weather with air quality, from two services of Open-Meteo. Answers within the cache window come from memory; when the service fails an older forecast is given with a warning. Every measured value may be null. Show the attribution beside the data.',
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(forecastInput)
    .output(forecastOutput)
    .query(({ ctx, input }) => ctx.services.weather.forecast(input)),

  places: publicProcedure({
    summary: 'Finds places by name',
    description:
      'Places whose name begins with the words given, the largest first, with the coordinates that weather.forecast takes. No hit is an empty list.',
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(placesInput)
    .output(placesOutput)
    .query(({ ctx, input }) => ctx.services.weather.places(input)),
});
