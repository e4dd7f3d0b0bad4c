import { forecastInput, forecastOutput, placesInput, placesOutput } from '../../weather/schema.ts';
import { publicProcedure, router } from '../init.ts';

export const weather = router({
  forecast: publicProcedure({
    summary: 'Returns the current weather and a forecast for up to 16 days',
    description:
      'Current, hourly and daily weather with air quality, from two services of Open-Meteo. Responses are cached. If the service fails, an older forecast is returned with a warning. Every measured value may be null. Show the attribution beside the data.',
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(forecastInput)
    .output(forecastOutput)
    .query(({ ctx, input }) => ctx.services.weather.forecast(input)),

  places: publicProcedure({
    summary: 'Finds places by name',
    description:
      'Returns places whose name begins with the given words, largest first, with the coordinates for weather.forecast. The list is empty if there is no match.',
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(placesInput)
    .output(placesOutput)
    .query(({ ctx, input }) => ctx.services.weather.places(input)),
});
