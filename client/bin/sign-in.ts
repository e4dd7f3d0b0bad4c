/**
 * `npm run sign-in -- [--url URL] [--client-id ID] [--resource RESOURCE] [--scope SCOPE]…`: signs you in for scripts.
 */
import { parseArgs } from 'node:util';
import { signIn } from '../sign-in.ts';

const usage =
  'Usage: npm run sign-in -- [--url http://localhost:3000] [--client-id typed-bff-cli] [--resource RESOURCE] [--scope SCOPE]…';

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string', default: 'http://localhost:3000' },
        'client-id': { type: 'string', default: 'typed-bff-cli' },
        resource: { type: 'string' },
        scope: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return URL.canParse(values.url) ? values : undefined;
  } catch {
    return undefined;
  }
}

const values = readArguments();
if (values?.help) {
  console.log(usage);
} else if (values) {
  try {
    const file = await signIn({
      baseUrl: values.url,
      clientId: values['client-id'],
      ...(values.resource === undefined ? {} : { resource: values.resource }),
      ...(values.scope ? { scopes: values.scope } : {}),
      onCode({ url, code, completeUrl, expiresIn }) {
        console.log(`Open ${url} and enter this code: ${code}`);
        if (completeUrl !== undefined) console.log(`Or open ${completeUrl}`);
        console.log(`Waiting, for ${Math.round(expiresIn / 60)} minutes.`);
      },
    });
    console.log(`Signed in. The tokens are in ${file}, which only you can read.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
} else {
  console.error(usage);
  process.exitCode = 2;
}
