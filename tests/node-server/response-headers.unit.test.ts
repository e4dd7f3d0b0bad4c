import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { inertContentPolicy, securityHeaders } from '#server/http/security-headers.ts';
import { addDefaultHeaders } from '#server/node-server/default-headers.ts';
import { deferContinue, sendContinue } from '#server/node-server/expect-continue.ts';
import { addVary } from '#server/node-server/vary.ts';

const newResponse = () => new ServerResponse(new IncomingMessage(new Socket()));

describe('Vary', () => {
  test.each([
    [undefined, 'Accept'],
    ['rsc, next-router-state-tree', 'rsc, next-router-state-tree, Accept'],
    ['rsc,accept', 'rsc,accept'],
    ['ACCEPT', 'ACCEPT'],
    ['accept-encoding', 'accept-encoding, Accept'],
    [
      ['rsc', 'accept'],
      ['rsc', 'accept'],
    ],
    [['rsc', 'origin'], 'rsc, origin, Accept'],
  ])('of %j becomes %j when the head is written', (before, after) => {
    const response = newResponse();
    addVary(response, 'Accept');
    // Next sets its own later.
    if (before !== undefined) response.setHeader('vary', before);
    response.writeHead(200, 'Fine', { 'x-own': '1' });
    expect(response.getHeader('vary')).toEqual(after);
    expect([response.statusCode, response.statusMessage, response.getHeader('x-own')]).toEqual([
      200,
      'Fine',
      '1',
    ]);
  });
});

describe('the security headers', () => {
  const settings = { SITE_URL: 'https://site.example', HSTS_SUBDOMAINS: false };

  test('are added to a response that has none', () => {
    const response = newResponse();
    addDefaultHeaders(response, settings);
    expect(response.getHeaderNames()).toEqual([]);
    response.writeHead(404, { 'content-type': 'text/html' });
    expect(response.statusCode).toBe(404);
    expect({ ...response.getHeaders() }).toEqual({
      ...securityHeaders(settings),
      'content-security-policy': inertContentPolicy,
      'content-type': 'text/html',
    });
  });

  test('that a response has are kept', () => {
    const response = newResponse();
    addDefaultHeaders(response, settings);
    response.setHeader('Content-Security-Policy', "default-src 'self'");
    response.writeHead(200);
    expect(response.getHeader('content-security-policy')).toBe("default-src 'self'");
  });
});

describe('100 Continue', () => {
  /** A request whose client waits for it, and what is sent to the client. */
  function waitingClient() {
    const message = new IncomingMessage(new Socket());
    const response = new ServerResponse(message);
    const sent: string[] = [];
    response.writeContinue = () => void sent.push('100');
    deferContinue(message, response);
    return { message, response, sent };
  }

  test('is sent once', () => {
    const { message, sent } = waitingClient();
    expect(sent).toEqual([]);
    sendContinue(message);
    sendContinue(message);
    expect(sent).toEqual(['100']);
  });

  test('is not sent after the head of the response', () => {
    const { message, response, sent } = waitingClient();
    response.writeHead(413).flushHeaders();
    sendContinue(message);
    expect(sent).toEqual([]);
  });

  test('is not sent to a client that does not wait for it', () => {
    const message = new IncomingMessage(new Socket());
    expect(() => sendContinue(message)).not.toThrow();
  });
});
