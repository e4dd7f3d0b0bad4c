import { z } from 'zod';
import { limits } from '../../config/limits.ts';
import { AppError } from '../../errors.ts';
import { deviceOf } from '../../identity/device.ts';
import { savedPlaceSchema, savedPlacesSchema } from '../../identity/saved-places.ts';
import { auditKinds } from '../../identity/tables.ts';
import { router, userProcedure } from '../init.ts';
import { identityOf } from './session.ts';

const userMeta = { sensitive: true, rateLimit: 'light', user: {} } as const;

const berlin = { name: 'Berlin, Germany', lat: 52.52, lng: 13.41 };

const identityKey = z.strictObject({
  issuer: z.string().max(512).describe('The provider'),
  subject: z.string().max(512).describe('The user at the provider'),
});

/** What belongs to a signed-in user. */
export const account = router({
  savedPlaces: router({
    get: userProcedure({
      ...userMeta,
      summary: 'Returns the saved places of the user',
      description: 'Returns the places that the user saved, in the order of the user.',
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

  identities: router({
    list: userProcedure({
      ...userMeta,
      summary: 'Lists the ways in which the user can sign in',
      description: 'Returns the identities that are linked to the account, the oldest first.',
    })
      .input(z.void())
      .output(
        z.array(
          identityKey.extend({
            label: z.string().nullable().describe('Address or name at the issuer'),
            linkedAt: z.date(),
            lastUsedAt: z.date(),
          }),
        ),
      )
      .query(async ({ ctx }) => {
        const identities = await identityOf(ctx.services).listIdentities(ctx.user);
        return identities.map(({ linkedAt, lastUsedAt, ...identity }) => ({
          ...identity,
          linkedAt: new Date(linkedAt),
          lastUsedAt: new Date(lastUsedAt),
        }));
      }),

    unlink: userProcedure({
      ...userMeta,
      user: { maxAge: limits.identity.linkingMaxAge },
      summary: 'Removes a way to sign in',
      description:
        'Removes an identity from the account and ends the sessions that began with it, except that of this call. The only one stays (`last`). Fails with `reauthentication_required` if the user signed in more than five minutes ago.',
      errors: ['not_found'],
    })
      .input(identityKey.meta({ examples: [{ issuer: 'email', subject: 'ada@example.org' }] }))
      .output(z.object({ outcome: z.enum(['unlinked', 'last']) }))
      .mutation(async ({ ctx, input }) => {
        const device = deviceOf(ctx.request.userAgent);
        const outcome = await identityOf(ctx.services).unlinkIdentity(ctx.user, input, device);
        if (outcome === 'missing') throw new AppError('not_found', { message: 'There is no such identity.' });
        return { outcome };
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
