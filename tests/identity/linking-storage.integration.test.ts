import { afterAll, beforeAll, expect, test } from 'vitest';
import { linkIdentity, listIdentities } from '#server/identity/linked-identities.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { openDatabaseOf, signInAt, siteUrl, startInstance, userOf } from './instance.ts';

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider({ siteUrl });
});
afterAll(() => provider.close());

const profileOf = (address: string) => ({
  issuer: 'email',
  subject: address,
  name: null,
  email: address,
  isEmailVerified: true,
});

onEachStorage((storage) => {
  test('an identity is added once, to an open session only', async () => {
    const identity = startInstance({ storage: storage(), provider });
    const db = await openDatabaseOf(storage());
    const cookie = await signInAt(identity, identity);
    const { id: userId, session: found } = await userOf(identity, cookie);
    const session = { id: found?.id ?? '', userId };
    const profile = profileOf('ada@people.example');

    const atOnce = await Promise.all([1, 2, 3].map(() => linkIdentity(db, session, profile)));
    expect(atOnce.toSorted()).toEqual(['known', 'known', 'linked']);
    expect(
      await linkIdentity(db, { ...session, userId: 'another user' }, profileOf('x@people.example')),
    ).toBe('ended');

    await identity.signOut(cookie, 'Firefox on Linux');
    expect(await linkIdentity(db, session, profileOf('late@people.example'))).toBe('ended');
    const subjects = (await listIdentities(db, userId)).map(({ subject }) => subject);
    expect(subjects.toSorted()).toEqual(['ada', 'ada@people.example']);
  });
});
