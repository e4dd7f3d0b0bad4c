import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { isAnnounced } from '#server/catalog/contract/changelog.ts';
import { checkContract, contractReport } from '#server/catalog/contract/check.ts';
import { contractOf, writeContract } from '#server/catalog/contract/contract.ts';
import { publicProcedure, router, userProcedure } from '#server/trpc/init.ts';
import { readProcedures } from '#server/trpc/procedure-registry.ts';

const procedure = (output: z.ZodType) =>
  publicProcedure({ summary: 's', description: 'd', sensitive: false, rateLimit: 'light' })
    .input(z.void())
    .output(output)
    .query(() => ({}));
const contract = (output: z.ZodType) =>
  contractOf(readProcedures(router({ thing: procedure(output) })).values());

const small = contract(z.object({ a: z.string() }));
const large = contract(z.object({ a: z.string(), b: z.string() }));

describe('the check', () => {
  test('passes if the snapshot is up to date', () => {
    const check = checkContract({ snapshot: writeContract(small), current: small, changelog: '' });
    expect(check).toMatchObject({ changes: [], unannounced: [], upToDate: true });
    expect(contractReport(check)).toBe('The contract matches docs/contract.json.');
  });

  test('passes for a user who must meet several requirements, in whatever order they are declared', () => {
    const user = { roles: ['editor'], maxAge: 60_000 };
    const thing = userProcedure({
      summary: 's',
      description: 'd',
      sensitive: true,
      rateLimit: 'light',
      user,
    })
      .input(z.void())
      .output(z.boolean())
      .query(() => true);
    const current = contractOf(readProcedures(router({ thing })).values());
    const check = checkContract({ snapshot: writeContract(current), current, changelog: '' });
    expect(check).toMatchObject({ changes: [], unannounced: [], upToDate: true });
  });

  test('requires an update of the snapshot after a compatible change', () => {
    const check = checkContract({ snapshot: writeContract(small), current: large, changelog: '' });
    expect(check).toMatchObject({ unannounced: [], upToDate: false });
    expect(contractReport(check)).toBe(
      'compatible  thing: output.b: new field\nRun "npm run contract -- --update" and commit docs/contract.json.',
    );
  });

  test('requires an announcement of a breaking change, and then an update of the snapshot', () => {
    const options = { snapshot: writeContract(large), current: small };
    const silent = checkContract({
      ...options,
      changelog:
        '## [Unreleased]\n\n### Changed\n\n- Something else.\n\n### Fixed\n\n- A defect of `thing`.\n',
    });
    expect(silent.unannounced).toEqual([
      { path: 'thing', message: 'output.b: removed field', breaking: true },
    ]);
    expect(contractReport(silent)).toContain('under Unreleased, Changed or Removed, that mentions `thing`');
    const announced = checkContract({
      ...options,
      changelog: '## [Unreleased]\n\n### Changed\n\n- `thing` has no b any more.\n',
    });
    expect(announced).toMatchObject({ unannounced: [], upToDate: false });
    expect(contractReport(announced)).toContain('npm run contract -- --update');
  });

  test('reports all procedures as new if there is no snapshot', () => {
    const { changes } = checkContract({ snapshot: '', current: small, changelog: '' });
    expect(changes).toEqual([{ path: 'thing', message: 'new procedure', breaking: false }]);
  });
});

describe('the changelog', () => {
  const changelog = `# Changelog

- \`too.early\`

## [Unreleased]

### Removed

- \`fixture.body\` is gone.
- Something longer, which
  also names \`fixture.request\`.

### Added

- \`mail.list\` is new.

### Changed

- \`email.send\` is stricter.

### Fixed

- \`email.status\` no longer fails.

\`not.anEntry\`

## [0.1.0] - 2026-01-01

- \`fixture.search\` was changed.
`;
  test.each([
    ['fixture.body', true],
    ['fixture.request', true],
    ['email.send', true],
    ['mail.list', false],
    ['email.status', false],
    ['echo', false],
    ['too.early', false],
    ['not.anEntry', false],
    ['fixture.search', false],
  ])('%s: %s', (path, announced) => {
    expect(isAnnounced(changelog, path)).toBe(announced);
  });

  test('may end with the Unreleased section, or have none', () => {
    expect(isAnnounced('## Unreleased\n### Removed\n- `a.b`', 'a.b')).toBe(true);
    expect(isAnnounced('## Unreleased\n- `a.b`', 'a.b')).toBe(false);
    expect(isAnnounced('', 'a.b')).toBe(false);
  });
});
