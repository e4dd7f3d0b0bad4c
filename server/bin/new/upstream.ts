import { addImport, addName, type Change, create, edit, replace } from './change.ts';
import { fill, type Name } from './names.ts';

/** An upstream whose endpoint is a procedure, and its test. */
export function newUpstream(name: Name): Change[] {
  const { kebab, camel } = name;
  return [
    create(`server/upstreams/${kebab}.ts`, fill('upstream', name)),
    edit(
      'server/custom/upstreams.ts',
      addImport(`import { ${camel} } from '../upstreams/${kebab}.ts';`),
      addName('proxiedUpstreams = {', '}', camel),
    ),
    edit(
      'docs/routes.md',
      replace(
        /(\n\n## Raw routes)/,
        (next = '') => `\n| \`proxy.${camel}.item\` | describe it here |${next}`,
      ),
    ),
    create(`tests/upstreams/${kebab}.unit.test.ts`, fill('upstream-test', name)),
  ];
}
