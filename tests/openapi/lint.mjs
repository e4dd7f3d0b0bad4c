/** Prints the problems that the rules of Redocly (recommended) and Spectral find in an OpenAPI document, as JSON. */
import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';

const [, , file] = process.argv;
const source = readFileSync(file, 'utf8');

const redocly = await lintFromString({
  source,
  absoluteRef: file,
  config: await createConfig({ extends: ['recommended'] }),
});
const linter = new spectral.Spectral();
linter.setRuleset({ extends: [rulesets.oas] });

process.stdout.write(
  JSON.stringify([
    ...redocly.map(({ ruleId, location }) => `redocly ${ruleId}: ${location[0]?.pointer}`),
    ...(await linter.run(source)).map(({ code, path }) => `spectral ${code}: ${path.join('/')}`),
  ]),
);
