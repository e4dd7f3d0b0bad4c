import { type Change, create } from './change.ts';
import { fill, type Name } from './names.ts';
import { addNamespace } from './procedure.ts';

/** A namespace with a subscription, and its test. */
export function newSubscription(name: Name): Change[] {
  const { kebab } = name;
  return [
    create(`server/trpc/procedures/${kebab}.ts`, fill('subscription', name)),
    ...addNamespace(name, ['watch']),
    create(`tests/live/${kebab}.unit.test.ts`, fill('subscription-test', name)),
  ];
}
