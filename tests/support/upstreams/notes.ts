import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { send } from './fault.ts';
import { listenOnLoopback } from './loopback.ts';
import { isRecord, jsonReply, parseJson, type Reply } from './reply.ts';
import { readBody } from './request-body.ts';

/** A resource server with the notes of made-up people. It takes access tokens that are for it alone. */
export interface NotesStandIn {
  /** Also the audience of its tokens. */
  readonly url: string;
  readonly env: { readonly NOTES_URL: string };
  /** Subjects of the requests so far, undefined for one without a valid token. A test may empty it. */
  readonly callers: (string | undefined)[];
  /** Set by a test: no token is accepted. */
  refusesTokens: boolean;
  /** Accepts tokens of this issuer. */
  readonly trust: (issuer: string) => void;
  readonly close: () => Promise<void>;
}

interface Note {
  readonly id: string;
  readonly text: string;
  readonly createdAt: string;
}

export const notesScopes = ['notes:read', 'notes:write'] as const;

export async function startNotes(): Promise<NotesStandIn> {
  const notes = new Map<string, Note[]>();
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
    const needed = request.method === 'GET' ? 'notes:read' : 'notes:write';
    if (!scope.split(' ').includes(needed)) return jsonReply(403, { error: 'insufficient_scope' });
    if (request.url !== '/notes') return jsonReply(404, { error: 'not_found' });
    const own = notes.get(subject) ?? [];
    if (request.method === 'GET') return jsonReply(200, { notes: own });
    const body = await readBody(request, 10_000);
    const parsed = body.kind === 'complete' ? parseJson(body.text) : undefined;
    if (!isRecord(parsed) || typeof parsed.text !== 'string')
      return jsonReply(400, { error: 'invalid_note' });
    const note = { id: randomUUID(), text: parsed.text, createdAt: new Date().toISOString() };
    notes.set(subject, [note, ...own]);
    return jsonReply(201, note);
  }

  const { url, close } = await listenOnLoopback(async (request, response) => {
    const reply = await answer(request);
    send(response, reply);
  });
  const started: NotesStandIn = {
    url,
    env: { NOTES_URL: url },
    callers,
    refusesTokens: false,
    trust: (issuer) => {
      trusted = { issuer, keys: createRemoteJWKSet(new URL(`${issuer}/jwks`)) };
    },
    close,
  };
  return started;
}
