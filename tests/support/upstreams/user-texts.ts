import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { send } from './fault.ts';
import { listenOnLoopback } from './loopback.ts';
import { isRecord, jsonReply, parseJson, type Reply } from './reply.ts';
import { readBody } from './request-body.ts';

/** A resource server with texts of made-up people. It takes access tokens that are for it alone. */
export interface UserTextsStandIn {
  /** Also the audience of its tokens. */
  readonly url: string;
  /** The scopes of its tokens. */
  readonly scopes: readonly string[];
  /** Subjects of the requests so far, undefined for one without a valid token. A test may empty it. */
  readonly callers: (string | undefined)[];
  /** Set by a test: no token is accepted. */
  refusesTokens: boolean;
  /** Accepts tokens of this issuer. */
  readonly trust: (issuer: string) => void;
  readonly close: () => Promise<void>;
}

interface Text {
  readonly id: string;
  readonly text: string;
  readonly createdAt: string;
}

/** @param kind name of the texts, such as `notes`, which is also their path and the beginning of the scopes */
export async function startUserTexts(kind: string): Promise<UserTextsStandIn> {
  const texts = new Map<string, Text[]>();
  const callers: (string | undefined)[] = [];
  let trusted: { issuer: string; keys: JWTVerifyGetKey } | undefined;

  async function callerOf({
    headers,
  }: IncomingMessage): Promise<{ subject: string; scope: string } | undefined> {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    if (token === undefined || !trusted || started.refusesTokens) return undefined;
    try {
      const { payload } = await jwtVerify(token, trusted.keys, {
        issuer: trusted.issuer,
        audience: url,
        typ: 'at+jwt',
        algorithms: ['RS256'],
      });
      return payload.sub === undefined ? undefined : { subject: payload.sub, scope: String(payload.scope) };
    } catch {
      return undefined;
    }
  }

  async function answer(request: IncomingMessage): Promise<Reply> {
    const caller = await callerOf(request);
    callers.push(caller?.subject);
    if (!caller) return jsonReply(401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer' });
    const { subject, scope } = caller;
    const needed = request.method === 'GET' ? `${kind}:read` : `${kind}:write`;
    if (!scope.split(' ').includes(needed)) return jsonReply(403, { error: 'insufficient_scope' });
    if (request.url !== `/${kind}`) return jsonReply(404, { error: 'not_found' });
    const own = texts.get(subject) ?? [];
    if (request.method === 'GET') return jsonReply(200, { [kind]: own });
    const body = await readBody(request, 10_000);
    const parsed = body.kind === 'complete' ? parseJson(body.text) : undefined;
    if (!isRecord(parsed) || typeof parsed.text !== 'string')
      return jsonReply(400, { error: 'invalid_text' });
    const text = { id: randomUUID(), text: parsed.text, createdAt: new Date().toISOString() };
    texts.set(subject, [text, ...own]);
    return jsonReply(201, text);
  }

  const { url, close } = await listenOnLoopback(async (request, response) => {
    const reply = await answer(request);
    send(response, reply);
  });
  const started: UserTextsStandIn = {
    url,
    scopes: [`${kind}:read`, `${kind}:write`],
    callers,
    refusesTokens: false,
    trust: (issuer) => {
      trusted = { issuer, keys: createRemoteJWKSet(new URL(`${issuer}/jwks`)) };
    },
    close,
  };
  return started;
}
