import { forecastInput, forecastOutput, placesInput, placesOutput } from '../../weather/schema.ts';
import { forecastVersion } from '../../weather/weather.ts';
import { publicProcedure, router } from '../init.ts';
import { changesOf, known, streamOptions } from '../stream-changes.ts';
import { streamOf } from '../stream-of.ts';

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

  watch: publicProcedure({
    summary: 'Streams the forecast of a place',
    description:
      'Sends the forecast, as weather.forecast returns it, and then each newer one, and each with other warnings. While the service fails and no forecast is known, nothing is sent.',
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(forecastInput)
    .output(streamOf(forecastOutput))
    .subscription(({ ctx, input, signal }) =>
      changesOf(known(ctx.services.weather.watch(input, streamOptions(ctx, signal))), {
        ctx,
        versionOf: forecastVersion,
      }),
    ),

  places: publicProcedure({
    summary: 'Finds places by name',
    description:
      'Returns places whose name begins with the given words, in any language, largest first, with the coordinates for weather.forecast. The list is empty if there is no match.',
    sensitive: true,
    rateLimit: 'upstream',
  })
    .input(placesInput)
    .output(placesOutput)
    .query(({ ctx, input }) => ctx.services.weather.places(input)),
});
