import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createWorkRecord } from '#server/observability/work.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('start' as const), name: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ kind: fc.constant('end' as const), unit: fc.nat(20) }),
  fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.nat(9) }),
  fc.record({ kind: fc.constant('take' as const) }),
);

test('the longest run is that of the unit that ended with it, or else of the one that started last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let time = 0;
      const record = createWorkRecord(() => time);
      const running: { name: string; end: () => void }[] = [];
      let lastMark = 0;
      const nothing = { work: 'unknown', milliseconds: 0 };
      let longest = nothing;
      const mark = (name = running.at(-1)?.name ?? 'unknown') => {
        const milliseconds = time - lastMark;
        lastMark = time;
        if (milliseconds > longest.milliseconds) longest = { work: name, milliseconds };
      };
      for (const each of [...steps, { kind: 'take' as const }]) {
        if (each.kind === 'pass') time += each.milliseconds;
        if (each.kind === 'start') {
          mark();
          running.push({ name: each.name, end: record.start(each.name) });
        }
        if (each.kind === 'end' && running.length > 0) {
          const [unit] = running.splice(each.unit % running.length, 1);
          mark(unit?.name);
          unit?.end();
        }
        if (each.kind === 'take') {
          mark();
          expect(record.takeLongest()).toEqual(longest);
          longest = nothing;
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
