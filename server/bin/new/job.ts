import { addImport, addName, type Change, create, edit } from './change.ts';
import { fill, type Name } from './names.ts';

/** A job in the list of the team's own jobs, and its test on both engines. */
export function newJob(name: Name): Change[] {
  const { kebab, camel } = name;
  return [
    create(`server/custom/${kebab}.ts`, fill('job', name)),
    edit(
      'server/custom/jobs.ts',
      addImport(`import { ${camel} } from './${kebab}.ts';`),
      addName('customJobs: readonly RegisteredJob[] = [', ']', camel),
    ),
    create(`tests/custom/${kebab}.integration.test.ts`, fill('job-test', name)),
  ];
}
