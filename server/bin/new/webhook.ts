import { addImport, addName, type Change, create, edit } from './change.ts';
import { fill, type Name } from './names.ts';

/** A webhook in the list of the team's own webhooks, and its test on both engines. */
export function newWebhook(name: Name): Change[] {
  const { kebab, camel } = name;
  return [
    create(`server/custom/${kebab}.ts`, fill('webhook', name)),
    edit(
      'server/custom/webhooks.ts',
      addImport(`import { ${camel} } from './${kebab}.ts';`),
      addName('customWebhooks: readonly Webhook[] = [', ']', camel),
    ),
    create(`tests/custom/${kebab}.integration.test.ts`, fill('webhook-test', name)),
  ];
}
