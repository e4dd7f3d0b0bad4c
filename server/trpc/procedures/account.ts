import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { savedPlaceSchema, savedPlacesSchema } from '../../identity/saved-places.ts';
import { auditKinds } from '../../identity/tables.ts';
import { router, userProcedure } from '../init.ts';
import { identityOf } from './session.ts';

const userMeta = { sensitive: true, rateLimit: 'light', user: {} } as const;

const berlin = { name: 'Berlin, Germany', lat: 52.52, lng: 13.41 };

/** What belongs to a signed-in user. */
export const account = router({
  savedPlaces: router({
    get: userProcedure({
      ...userMeta,
      summary: 'Returns the saved places of the user',
      description: 'Returns the places that the user saved on the weather page, in the order of the user.',
    })
      .input(z.void())
      .output(z.array(savedPlaceSchema))
      .query(({ ctx }) => identityOf(ctx.services).savedPlaces.get(ctx.user.id)),

    put: userProcedure({
      ...userMeta,
      summary: 'Replaces the saved places of the user',
      description: `Stores the places instead of the previous ones, at most ${limits.identity.savedPlaces}.`,
    })
      .input(z.strictObject({ places: savedPlacesSchema }).meta({ examples: [{ places: [berlin] }] }))
      .output(z.array(savedPlaceSchema))
      .mutation(async ({ ctx, input }) => {
        await identityOf(ctx.services).savedPlaces.put(ctx.user.id, input.places);
        return input.places;
      }),
  }),

  history: userProcedure({
    ...userMeta,
    summary: 'Returns the history of the account',
    description: `Returns what happened to the account in the last 90 days, newest first, at most ${limits.identity.historyListed} entries.`,
  })
    .input(z.void())
    .output(
      z.array(
        z.object({
          at: z.date(),
          kind: z.enum(auditKinds),
          device: z.string().describe('The device from which it was done'),
        }),
      ),
    )
    .query(async ({ ctx }) => {
      const entries = await identityOf(ctx.services).history(ctx.user);
      return entries.map(({ at, kind, device }) => ({ at: new Date(at), kind, device }));
    }),
});
