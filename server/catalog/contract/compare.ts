import type { Contract, ProcedureContract } from './contract.ts';
import { type SchemaChange, schemaChanges } from './schema-changes.ts';

export type ContractChange = SchemaChange & {
  /** Of the procedure. */
  path: string;
};

/** Every difference of two contracts, and whether it can break those who call by the earlier one. */
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
      ? 'is sensitive now: by POST alone'
      : 'is no longer sensitive: by GET too';
    yield { message, breaking: true };
  }
  if (before.scope !== after.scope) {
    const message = after.scope === null ? 'needs no scope any more' : `needs the scope ${after.scope}`;
    yield { message, breaking: after.scope !== null };
  }
  if (before.form !== after.form) {
    const message = after.form ? 'takes a form too' : 'takes no form any more';
    yield { message, breaking: !after.form };
  }
  if (before.rateLimit !== after.rateLimit) {
    yield { message: `is charged to ${after.rateLimit}, was to ${before.rateLimit}`, breaking: false };
  }
  yield* errorChanges(before.errors, after.errors);
  yield* inputChanges(before.input, after.input);
  yield* schemaChanges({ before: before.output, after: after.output, place: 'output', io: 'output' });
}

/** Callers are told to expect any reason of the closed list. */
function* errorChanges(before: readonly string[], after: readonly string[]): Generator<SchemaChange> {
  for (const reason of after.filter((other) => !before.includes(other))) {
    yield { message: `can give ${reason}`, breaking: false };
  }
  for (const reason of before.filter((other) => !after.includes(other))) {
    yield { message: `gives no ${reason} any more`, breaking: false };
  }
}

function* inputChanges(
  before: ProcedureContract['input'],
  after: ProcedureContract['input'],
): Generator<SchemaChange> {
  if (before && after) yield* schemaChanges({ before, after, place: 'input', io: 'input' });
  else if (after) yield { message: 'input: takes one now', breaking: true };
  else if (before) yield { message: 'input: takes none any more', breaking: true };
}
