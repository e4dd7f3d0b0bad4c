import { createHash } from 'node:crypto';

export type InlineScript = { nonce: string | undefined; sha256: string };

/** Returns the nonce and hash of each script whose code is in the page. */
export function inlineScripts(html: string): InlineScript[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)]
    .filter(([, attributes = '']) => !/\ssrc=/.test(attributes))
    .map(([, attributes = '', code = '']) => ({
      nonce: nonceOf(attributes),
      sha256: createHash('sha256').update(code).digest('base64'),
    }));
}

/** Returns the nonces of all elements. */
export function noncesIn(html: string): string[] {
  return [...html.matchAll(/<[a-z][^>]*\snonce="([^"]*)"[^>]*>/g)].map(([, nonce = '']) => nonce);
}

function nonceOf(attributes: string): string | undefined {
  return /\snonce="([^"]*)"/.exec(attributes)?.[1];
}

/** Parses a Content-Security-Policy into its directives and their sources. */
export function readPolicy(policy: string | null): Map<string, string[]> {
  const directives = (policy ?? '').split(';').map((directive) => directive.trim().split(/\s+/));
  return new Map(directives.map(([name = '', ...sources]) => [name, sources]));
}
