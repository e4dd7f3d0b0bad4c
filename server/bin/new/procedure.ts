import { addImport, addName, type Change, create, edit, replace } from './change.ts';
import { fill, type Name } from './names.ts';

/** Adds a namespace to the router. `row` is its entry in docs/routes.md. */
export function addNamespace({ kebab, camel }: Name, procedures: readonly string[]): Change[] {
  const paths = procedures.map((procedure) => `\`${camel}.${procedure}\``).join(', ');
  return [
    edit(
      'server/custom/procedures.ts',
      addImport(`import { ${camel} } from '../trpc/procedures/${kebab}.ts';`),
      addName('customProcedures = {', '}', camel),
    ),
    edit(
      'docs/routes.md',
      replace(/(\n\| `proxy\.endpoints`)/, (row = '') => `\n| ${paths} | describe it here |${row}`),
    ),
  ];
}

/** A namespace with a query, and its test. */
export function newProcedure(name: Name): Change[] {
  const { kebab } = name;
  return [
    create(`server/trpc/procedures/${kebab}.ts`, fill('procedure', name)),
    ...addNamespace(name, ['get']),
    create(`tests/trpc/${kebab}.unit.test.ts`, fill('procedure-test', name)),
  ];
}
