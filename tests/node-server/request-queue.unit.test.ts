import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { createRequestQueue } from '#server/node-server/request-queue.ts';

const { pipelinedRequests, droppedRequests } = limits.nodeServer;

/** The requests that were handled, and the responses that have ended, in their order. */
let handled: string[];
let ended: ServerResponse[];
let queue: ReturnType<typeof createRequestQueue>;
beforeEach(() => {
  handled = [];
  ended = [];
  queue = createRequestQueue((response) => ended.push(response));
});

/** Receives a request on a connection, and returns its response. */
function receive(socket: Socket, name: string): ServerResponse {
  const message = new IncomingMessage(socket);
  const response = new ServerResponse(message);
  queue.handleInTurn(message, response, () => handled.push(name));
  return response;
}

const receiveMany = (socket: Socket, count: number) =>
  Array.from({ length: count }, (_, at) => receive(socket, `waiting ${at + 1}`));

const finish = (response: ServerResponse | undefined) => response?.emit('close');

describe('the requests of a connection', () => {
  test('are handled one after the other, each when the response to the one before has ended', () => {
    const socket = new Socket();
    const [first, second, third] = ['first', 'second', 'third'].map((name) => receive(socket, name));
    expect(handled).toEqual(['first']);
    finish(first);
    expect(handled).toEqual(['first', 'second']);
    finish(second);
    finish(third);
    expect(handled).toEqual(['first', 'second', 'third']);
    expect(ended).toEqual([first, second, third]);
    receive(socket, 'fourth');
    expect(handled).toEqual(['first', 'second', 'third', 'fourth']);
  });

  test('make it busy until the last response has ended', () => {
    const socket = new Socket();
    expect(queue.isBusy(socket)).toBe(false);
    const responses = [receive(socket, 'first'), receive(socket, 'second')];
    expect(queue.isBusy(socket)).toBe(true);
    finish(responses[0]);
    expect(queue.isBusy(socket)).toBe(true);
    finish(responses[1]);
    expect(queue.isBusy(socket)).toBe(false);
  });

  test('do not wait for those of another connection', () => {
    receive(new Socket(), 'one');
    receive(new Socket(), 'other');
    expect(handled).toEqual(['one', 'other']);
  });

  test('are dropped when the client disconnects', () => {
    const socket = new Socket();
    const first = receive(socket, 'first');
    receive(socket, 'second');
    receive(socket, 'third');
    socket.destroy();
    finish(first);
    expect(handled).toEqual(['first']);
    expect(ended).toEqual([first]);
  });
});

describe('pipelined requests', () => {
  const closes = (response: ServerResponse | undefined) => response?.getHeader('connection') === 'close';

  test('up to the limit wait, and the last of them closes the connection', () => {
    const socket = new Socket();
    const first = receive(socket, 'first');
    const waiting = receiveMany(socket, pipelinedRequests - 1);
    expect([first, ...waiting].some(closes)).toBe(false);
    const last = receive(socket, 'last');
    expect(closes(last)).toBe(true);
    const dropped = receive(socket, 'dropped');
    for (const response of [first, ...waiting, last, dropped]) finish(response);
    expect(handled).toHaveLength(1 + pipelinedRequests);
    expect(handled.at(-1)).toBe('last');
    expect(ended).not.toContain(dropped);
    expect(socket.destroyed).toBe(false);
  });

  test('are dropped even when those that wait have been handled, because the connection closes', () => {
    const socket = new Socket();
    const first = receive(socket, 'first');
    const [second] = receiveMany(socket, pipelinedRequests);
    finish(first);
    finish(second);
    const before = handled.length;
    receive(socket, 'too late');
    expect(socket.destroyed).toBe(false);
    expect(handled).toHaveLength(before);
    expect(handled).not.toContain('too late');
  });

  test('that are dropped close the connection at once when there are too many', () => {
    const socket = new Socket();
    receive(socket, 'first');
    receiveMany(socket, pipelinedRequests + droppedRequests);
    expect(socket.destroyed).toBe(false);
    receive(socket, 'one more');
    expect(socket.destroyed).toBe(true);
  });
});
