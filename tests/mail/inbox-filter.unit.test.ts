import { expect, test } from 'vitest';
import { type InboxFilter, matchesFilter } from '#server/mail/inbox-filter.ts';

const message = {
  from: 'Ada Lovelace <ada@visitor.example>',
  to: 'owner@site.example',
  subject: 'Fünf Fragen',
  text: 'Dear owner,\nhow are you?',
};

test.each<[InboxFilter, boolean]>([
  [{}, true],
  [{ to: 'Owner@Site.example' }, true],
  [{ to: 'owner' }, false],
  [{ from: 'ada@visitor.example' }, true],
  [{ from: 'Ada Lovelace <ada@visitor.example>' }, false],
  [{ from: 'visitor.example' }, false],
  [{ subject: 'FÜNF' }, true],
  // The same letter, composed of two characters.
  [{ subject: 'fu\u0308nf' }, true],
  [{ subject: 'how are' }, false],
  [{ words: '  are LOVELACE ' }, true],
  [{ words: 'are turing' }, false],
  [{ words: 'site.example' }, true],
  [{ words: '' }, true],
  [{ to: 'owner@site.example', subject: 'sechs' }, false],
])('the filter %j matches: %s', (filter, matches) => {
  expect(matchesFilter(message, filter)).toBe(matches);
});

test('a sender without a name is found by the address', () => {
  expect(matchesFilter({ ...message, from: 'bob@visitor.example' }, { from: 'bob@visitor.example' })).toBe(
    true,
  );
});
