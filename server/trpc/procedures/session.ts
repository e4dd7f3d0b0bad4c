import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { deviceOf } from '../../identity/device.ts';
import { type Identity, type SignInMethod, signInMethods } from '../../identity/identity.ts';
import type { Services } from '../../services.ts';
import { publicProcedure, router, userProcedure } from '../init.ts';
import { changesOf, streamOptions } from '../stream-changes.ts';
import { streamOf } from '../stream-of.ts';

const userMeta = { sensitive: true, rateLimit: 'light', user: {} } as const;

const user = z.object({
  id: z.string().describe('Never changes; addresses and names can'),
  name: z.string().nullable(),
  email: z.string().nullable(),
  roles: z.array(z.string()),
});

/** The property of the service that is set if users can sign in with a method. */
const waysIn = { provider: 'providerName', email: 'email' } satisfies Record<SignInMethod, keyof Identity>;

/** Sign-in of the caller. */
export const session = router({
  current: publicProcedure({
    sensitive: true,
    rateLimit: 'light',
    passive: true,
    summary: 'Returns who is signed in',
    description:
      'Returns the user of the session cookie, or null for a visitor. The call does not count as use of the session, so a page can repeat it without keeping the session alive. `ended` is true if the browser has the cookie of a session that has ended. Sign-in is off if `methods` is empty.',
    errors: ['identity_unavailable'],
  })
    .input(z.void())
    .output(
      z.object({
        user: user.nullable(),
        ended: z.boolean(),
        endsAt: z
          .date()
          .nullable()
          .describe('The session ends then, however much it is used. Null with an access token'),
        idleUntil: z.date().nullable().describe('The session ends then unless it is used'),
        provider: z.string().nullable().describe('Name of the service that signs users in'),
        methods: z.array(z.enum(signInMethods)).describe('The ways to sign in'),
      }),
    )
    .query(({ ctx: { principal, services } }) => {
      const { identity } = services;
      const provider = identity?.providerName ?? null;
      const methods = signInMethods.filter((method) => identity?.[waysIn[method]] !== undefined);
      if (principal.kind !== 'user') {
        const state = principal.kind === 'visitor' ? principal.session : undefined;
        if (state === 'unavailable') throw new AppError('identity_unavailable');
        return { user: null, ended: state === 'ended', endsAt: null, idleUntil: null, provider, methods };
      }
      const { id, name, email, roles, session: current } = principal.user;
      return {
        user: { id, name, email, roles: [...roles] },
        ended: false,
        endsAt: current && new Date(current.endsAt),
        idleUntil: current && new Date(current.idleUntil),
        provider,
        methods,
      };
    }),

  watch: userProcedure({
    ...userMeta,
    user: { session: true },
    summary: 'Streams whether the session is open',
    description:
      'Sends whether the session of the call is open, and once more when it has ended: by a sign-out, on another device, by the provider or by its age. Ends then.',
  })
    .input(z.void())
    .output(streamOf(z.object({ open: z.boolean() })))
    .subscription(async function* ({ ctx, signal }) {
      const { session: current } = ctx.user;
      // `user.session` requires one.
      if (!current) throw new AppError('forbidden');
      const states = identityOf(ctx.services).watchSession(current, streamOptions(ctx, signal));
      yield* changesOf(untilEnded(states), { ctx, versionOf: ({ open }) => (open ? 'open' : 'ended') });
    }),

  list: userProcedure({
    ...userMeta,
    summary: 'Lists the sessions of the user',
    description: 'Returns the sessions that have not ended, the one used last first.',
  })
    .input(z.void())
    .output(
      z.array(
        z.object({
          id: z.string(),
          current: z.boolean().describe('True for the session of this call'),
          device: z.string(),
          createdAt: z.date(),
          lastSeenAt: z.date().describe('Accurate to five minutes'),
        }),
      ),
    )
    .query(async ({ ctx }) => {
      const sessions = await identityOf(ctx.services).listSessions(ctx.user);
      return sessions.map(({ id, device, createdAt, lastSeenAt }) => ({
        id,
        current: id === ctx.user.session?.id,
        device,
        createdAt: new Date(createdAt),
        lastSeenAt: new Date(lastSeenAt),
      }));
    }),

  revoke: userProcedure({
    ...userMeta,
    summary: 'Ends a session of the user',
    description:
      'Ends one session, on whatever device it is. Fails with `not_found` if the user has no such session.',
    errors: ['not_found'],
  })
    .input(z.strictObject({ id: z.string().max(64) }).meta({ examples: [{ id: 'mN3xq7bT0kq1r8sYw2cE5A' }] }))
    .output(z.object({ revoked: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      const device = deviceOf(ctx.request.userAgent);
      const revoked = await identityOf(ctx.services).revokeSession(ctx.user, input.id, device);
      if (!revoked) throw new AppError('not_found', { message: 'There is no such session.' });
      return { revoked: true as const };
    }),

  revokeOthers: userProcedure({
    ...userMeta,
    user: { maxAge: 15 * 60_000 },
    summary: 'Ends all other sessions of the user',
    description:
      'Ends all sessions except that of this call. Fails with `reauthentication_required` if the user signed in more than 15 minutes ago: begin again at `/auth/sign-in?again=1`.',
  })
    .input(z.void())
    .output(z.object({ revoked: z.int().describe('Number of ended sessions') }))
    .mutation(async ({ ctx }) => {
      const device = deviceOf(ctx.request.userAgent);
      return { revoked: await identityOf(ctx.services).revokeOtherSessions(ctx.user, device) };
    }),
});

/** Ends with the end of the session. */
async function* untilEnded(states: AsyncIterable<boolean>): AsyncGenerator<{ open: boolean }> {
  for await (const open of states) {
    yield { open };
    if (!open) return;
  }
}

/** Returns the service of signing in. A call with a user has one. */
export function identityOf({ identity }: Pick<Services, 'identity'>): Identity {
  if (!identity) throw new AppError('sign_in_required');
  return identity;
}
