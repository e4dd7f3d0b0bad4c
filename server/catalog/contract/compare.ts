import { isDeepStrictEqual } from 'node:util';
import type { Contract, ProcedureContract } from './contract.ts';
import { type SchemaChange, schemaChanges } from './schema-changes.ts';

export type ContractChange = SchemaChange & {
  /** Path of the procedure. */
  path: string;
};

/** Returns all differences between two contracts, and whether they can break callers of the earlier one. */
export function compareContracts(before: Contract, after: Contract): ContractChange[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return paths.flatMap((path) =>
    [...procedureChanges(before[path], after[path])].map((change) => ({ path, ...change })),
  );
}

function* procedureChanges(
  before: ProcedureContract | undefined,
  after: ProcedureContract | undefined,
): Generator<SchemaChange> {
  if (!before) yield { message: 'new procedure', breaking: false };
  if (!after) yield { message: 'removed procedure', breaking: true };
  if (!before || !after) return;
  if (before.type !== after.type) {
    yield { message: `is a ${after.type}, was a ${before.type}`, breaking: true };
  }
  if (before.sensitive !== after.sensitive) {
    const message = after.sensitive
      ? 'is now sensitive: only POST is allowed'
      : 'is no longer sensitive: GET is allowed';
    yield { message, breaking: true };
  }
  if (before.scope !== after.scope) {
    const message = after.scope === null ? 'no longer requires a scope' : `requires the scope ${after.scope}`;
    yield { message, breaking: after.scope !== null };
  }
  if (!isDeepStrictEqual(before.user, after.user)) {
    const message =
      after.user === null
        ? 'no longer requires a user'
        : `requires a signed-in user: ${JSON.stringify(after.user)}`;
    yield { message, breaking: after.user !== null };
  }
  if (before.form !== after.form) {
    const message = after.form ? 'now accepts a form' : 'no longer accepts a form';
    yield { message, breaking: !after.form };
  }
  yield* uploadChanges(before.upload, after.upload);
  if (before.rateLimit !== after.rateLimit) {
    yield { message: `rate limit ${after.rateLimit}, was ${before.rateLimit}`, breaking: false };
  }
  yield* errorChanges(before.errors, after.errors);
  yield* inputChanges(before.input, after.input);
  yield* schemaChanges({ before: before.output, after: after.output, place: 'output', io: 'output' });
}

function* uploadChanges(
  before: ProcedureContract['upload'],
  after: ProcedureContract['upload'],
): Generator<SchemaChange> {
  if (!before || !after) {
    if (after) yield { message: 'now takes a file', breaking: true };
    if (before) yield { message: 'no longer takes a file', breaking: true };
    return;
  }
  const removed = before.mediaTypes.filter((type) => !after.mediaTypes.includes(type));
  const added = after.mediaTypes.filter((type) => !before.mediaTypes.includes(type));
  if (removed.length > 0) yield { message: `no longer takes ${removed.join(', ')}`, breaking: true };
  if (added.length > 0) yield { message: `takes ${added.join(', ')}`, breaking: false };
  if (before.maxBytes !== after.maxBytes) {
    const message = `files of at most ${after.maxBytes} bytes, were ${before.maxBytes}`;
    yield { message, breaking: after.maxBytes < before.maxBytes };
  }
}

/** Changes of errors are compatible: the documentation asks callers to expect any reason of the closed list. */
function* errorChanges(before: readonly string[], after: readonly string[]): Generator<SchemaChange> {
  for (const reason of after.filter((other) => !before.includes(other))) {
    yield { message: `can fail with ${reason}`, breaking: false };
  }
  for (const reason of before.filter((other) => !after.includes(other))) {
    yield { message: `no longer fails with ${reason}`, breaking: false };
  }
}

function* inputChanges(
  before: ProcedureContract['input'],
  after: ProcedureContract['input'],
): Generator<SchemaChange> {
  if (before && after) yield* schemaChanges({ before, after, place: 'input', io: 'input' });
  else if (after) yield { message: 'input: added', breaking: true };
  else if (before) yield { message: 'input: removed', breaking: true };
}
