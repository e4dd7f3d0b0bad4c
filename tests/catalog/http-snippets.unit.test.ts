import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { samplesOf } from '#app/docs/samples-of.ts';
import { describeProcedure } from '#server/catalog/catalog.ts';
import { fetchOf } from '#server/catalog/docs/fetch-snippet.ts';
import { goOf } from '#server/catalog/docs/go-snippet.ts';
import { requestOf, type SnippetEntry } from '#server/catalog/docs/http-snippets.ts';
import { pythonOf } from '#server/catalog/docs/python-snippet.ts';
import { parseEnv } from '#server/config/env.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

const siteUrl = 'https://bff.example';
const url = `${siteUrl}/api/trpc/shop.things`;

const input = { name: 'a', isNew: true, tags: ['b'], note: null };
const query: SnippetEntry = {
  path: 'shop.things',
  type: 'query',
  methods: ['GET', 'POST'],
  scope: null,
  user: null,
  upload: null,
  examples: [{ value: input, wire: { json: input } }],
};
const empty: SnippetEntry = { ...query, examples: [] };
const scoped: SnippetEntry = { ...query, methods: ['POST'], scope: 'shop' };
const ofUser: SnippetEntry = { ...empty, methods: ['POST'], user: {} };
const upload: SnippetEntry = {
  ...ofUser,
  type: 'mutation',
  upload: { mediaTypes: ['text/plain'], maxBytes: 1024 },
};
const stream: SnippetEntry = { ...query, type: 'subscription' };

describe('the request of the samples', () => {
  test('has the input in the body, also where GET is allowed', () => {
    expect(requestOf(query, siteUrl)).toEqual({
      method: 'POST',
      url,
      headers: [{ name: 'content-type', text: 'application/json' }],
      body: { json: { json: input } },
    });
  });

  test('is a GET if there is no input, and a POST with an empty body where only POST is allowed', () => {
    expect(requestOf(empty, siteUrl)).toEqual({ method: 'GET', url, headers: [], body: null });
    expect(requestOf({ ...empty, methods: ['POST'] }, siteUrl)).toMatchObject({
      method: 'POST',
      body: { json: {} },
    });
  });

  test('has the service key or the session of the environment', () => {
    expect(requestOf(scoped, siteUrl).headers).toContainEqual({
      name: 'authorization',
      text: 'Bearer ',
      variable: 'BFF_KEY',
    });
    expect(requestOf(ofUser, siteUrl).headers).toContainEqual({
      name: 'cookie',
      text: expect.stringMatching(/^[\w-]+=$/),
      variable: 'BFF_SESSION',
    });
  });

  test('of an upload has the bytes of a file', () => {
    expect(requestOf(upload, siteUrl)).toMatchObject({
      headers: [{ text: 'application/octet-stream' }, { name: 'cookie' }],
      body: { text: 'Hello' },
    });
  });
});

describe('the sample for fetch', () => {
  test('sends the input and prints the output', () => {
    expect(fetchOf(query, siteUrl)).toBe(`const response = await fetch('${url}', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    json: { name: 'a', isNew: true, tags: ['b'], note: null },
  }),
});
const { result, error } = await response.json();
if (error) throw new Error(error.json.message);
console.log(result.data.json);`);
  });

  test('has no options for a GET, and a line per header if there are several', () => {
    expect(fetchOf(empty, siteUrl)).toContain(`await fetch('${url}');`);
    expect(fetchOf(scoped, siteUrl)).toContain(`  headers: {
    'content-type': 'application/json',
    authorization: \`Bearer \${process.env.BFF_KEY}\`,
  },`);
  });

  test('has double quotes around a text with an apostrophe', () => {
    const wire = { json: { name: "it's", text: 'a\nb' } };
    expect(fetchOf({ ...query, examples: [{ value: wire.json, wire }] }, siteUrl)).toContain(
      'JSON.stringify({ json: { name: "it\'s", text: "a\\nb" } })',
    );
  });

  test('reads the stream of a subscription', () => {
    expect(fetchOf(stream, siteUrl)).toContain('for await (const text of texts) console.log(text);');
  });
});

describe('the sample for Python', () => {
  test('has the constants of Python, and prints the output or the message of the error', () => {
    expect(pythonOf(query, siteUrl)).toBe(`import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

request = Request(
    "${url}",
    data=json.dumps({
        "json": {"name": "a", "isNew": True, "tags": ["b"], "note": None},
    }).encode(),
    headers={"content-type": "application/json"},
)
try:
    with urlopen(request) as response:
        print(json.load(response)["result"]["data"]["json"])
except HTTPError as error:
    raise SystemExit(json.load(error)["error"]["json"]["message"])`);
  });

  test('reads secrets from the environment', () => {
    const code = pythonOf(scoped, siteUrl);
    expect(code).toContain('import json\nimport os\nfrom');
    expect(code).toContain('        "authorization": "Bearer " + os.environ["BFF_KEY"],\n');
  });

  test('prints the items of a subscription', () => {
    expect(pythonOf(stream, siteUrl)).toContain('for line in response:');
  });

  test('sends the bytes of a file', () => {
    expect(pythonOf(upload, siteUrl)).toContain('    data=b"Hello",\n');
  });
});

describe('the sample for Go', () => {
  test('posts the input', () => {
    expect(goOf(query, siteUrl)).toBe(`package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	response, err := http.Post(
		"${url}",
		"application/json",
		strings.NewReader(\`{"json":{"name":"a","isNew":true,"tags":["b"],"note":null}}\`),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
}`);
  });

  test('imports only what it uses', () => {
    const code = goOf(empty, siteUrl);
    expect(code).toContain(`response, err := http.Get("${url}")`);
    expect(code).not.toContain('"strings"');
  });

  test('sets the headers of a request with a secret', () => {
    const code = goOf(scoped, siteUrl);
    expect(code).toContain('request, err := http.NewRequest(\n\t\t"POST",');
    expect(code).toContain('\trequest.Header.Set("authorization", "Bearer "+os.Getenv("BFF_KEY"))\n');
    expect(goOf({ ...empty, scope: 'shop' }, siteUrl)).toContain('\t\t"GET",\n');
  });

  test('quotes a backtick, which a raw string cannot contain', () => {
    const wire = { json: { text: '`a`' } };
    const entry = { ...query, examples: [{ value: wire.json, wire }] };
    expect(goOf(entry, siteUrl)).toContain('strings.NewReader("{\\"json\\":{\\"text\\":\\"`a`\\"}}")');
  });
});

test('the style sheet hides every sample but the chosen one', () => {
  const css = readFileSync('app/docs/docs.css', 'utf8');
  const body = procedures.get('fixture.body');
  if (!body) throw new Error('there is no fixture.body');
  const samples = samplesOf(describeProcedure(body, parseEnv({}).RATE_LIMITS), siteUrl);
  expect(samples.map(({ id }) => id)).toContain('server');
  for (const { id } of samples) {
    expect(css).toContain(
      `.docs-samples:has([value="${id}"]:checked) [data-language]:not([data-language="${id}"])`,
    );
  }
});
