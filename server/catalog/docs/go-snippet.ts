import { requestOf, type SnippetEntry, type SnippetHeader, type SnippetRequest } from './http-snippets.ts';

/** Returns a Go program, formatted by the rules of gofmt, that makes the first example's call with `net/http`. */
export function goOf(entry: SnippetEntry, siteUrl: string): string {
  const request = requestOf(entry, siteUrl);
  const secrets = request.headers.filter(({ variable }) => variable);
  const packages = ['io', 'log', 'net/http', 'os', ...(request.body === null ? [] : ['strings'])];
  return `package main

import (
${packages.map((name) => `\t"${name}"\n`).join('')})

func main() {
${secrets.length === 0 ? shortCall(request) : callWithHeaders(request)}${orExit}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
}`;
}

const orExit = `
	if err != nil {
		log.Fatal(err)
	}`;

/** Go's short functions set no header but the content type. */
function shortCall({ url, headers: [contentType], body }: SnippetRequest): string {
  if (body === null) return `\tresponse, err := http.Get(${quoted(url)})`;
  return `\tresponse, err := http.Post(
		${quoted(url)},
		${quoted(contentType?.text ?? '')},
		${readerOf(body)},
	)`;
}

function callWithHeaders({ method, url, headers, body }: SnippetRequest): string {
  return `\trequest, err := http.NewRequest(
		"${method}",
		${quoted(url)},
		${body === null ? 'nil' : readerOf(body)},
	)${orExit}
${headers.map(setHeader).join('\n')}
	response, err := http.DefaultClient.Do(request)`;
}

function setHeader({ name, text, variable }: SnippetHeader): string {
  const secret = variable ? `+os.Getenv("${variable}")` : '';
  return `\trequest.Header.Set(${quoted(name)}, ${quoted(text)}${secret})`;
}

function readerOf(body: NonNullable<SnippetRequest['body']>): string {
  const text = 'text' in body ? body.text : JSON.stringify(body.json);
  // A raw string has no escapes, so it cannot contain a backtick.
  return `strings.NewReader(${text.includes('`') || !text.includes('"') ? quoted(text) : `\`${text}\``})`;
}

/** Go reads the escapes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
