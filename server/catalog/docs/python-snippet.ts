import { requestOf, type SnippetEntry, type SnippetHeader, type SnippetRequest } from './http-snippets.ts';
import { jsonLiteral, python } from './json-literal.ts';

/** Returns Python 3 that makes the first example's call with the standard library. */
export function pythonOf(entry: SnippetEntry, siteUrl: string): string {
  const request = requestOf(entry, siteUrl);
  const isStream = entry.type === 'subscription';
  const usesEnvironment = request.headers.some(({ variable }) => variable);
  const imports = [
    'import json',
    ...(usesEnvironment ? ['import os'] : []),
    'from urllib.error import HTTPError',
    'from urllib.request import Request, urlopen',
  ];
  return `${imports.join('\n')}

request = Request(
${argumentsOf(request)
  .map((argument) => `    ${argument},\n`)
  .join('')})
try:
    with urlopen(request) as response:
${isStream ? printItems : printOutput}
except HTTPError as error:
    raise SystemExit(json.load(error)["error"]["json"]["message"])`;
}

const printOutput = '        print(json.load(response)["result"]["data"]["json"])';

const printItems = `        for line in response:
            if line.startswith(b"data: "):
                print(json.loads(line[6:]))`;

function argumentsOf({ url, headers, body }: SnippetRequest): string[] {
  return [
    JSON.stringify(url),
    ...(body === null ? [] : [`data=${bodyOf(body)}`]),
    ...(headers.length === 0 ? [] : [`headers=${headersOf(headers)}`]),
  ];
}

function bodyOf(body: NonNullable<SnippetRequest['body']>): string {
  if ('text' in body) return `b${JSON.stringify(body.text)}`;
  return `json.dumps(${jsonLiteral(body.json, python, '    ')}).encode()`;
}

function headersOf(headers: readonly SnippetHeader[]): string {
  const fields = headers.map(({ name, text, variable }) => {
    const secret = variable ? ` + os.environ["${variable}"]` : '';
    return `${JSON.stringify(name)}: ${JSON.stringify(text)}${secret}`;
  });
  const [only, ...more] = fields;
  return more.length === 0 ? `{${only}}` : `{\n${fields.map((field) => `        ${field},\n`).join('')}    }`;
}
