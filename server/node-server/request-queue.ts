import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../config/limits.ts';

type Queue = {
  /** The response of the current request has not been sent yet. */
  isBusy: boolean;
  waiting: { response: ServerResponse; handle: () => void }[];
  /** Requests are dropped: the connection closes after the last waiting response. */
  isFull: boolean;
  dropped: number;
};

/**
 * Handles the requests of each connection one after the other. Node would handle all requests that a client has
 * pipelined at once, even if the client never reads a response: 40 KB hold a thousand requests. The first
 * `limits.nodeServer.pipelinedRequests` wait; after their responses the connection closes, and a client sends the
 * others again (RFC 9112, section 9.3.2). When the client disconnects, waiting requests are dropped.
 *
 * Node keeps dropped requests until the connection closes, and removes them in a time that grows with the square of
 * their number. A connection with more than `limits.nodeServer.droppedRequests` is therefore closed at once.
 *
 * @param onEnd called when the response to a request that was handled has been sent, or its connection is closed
 */
export function createRequestQueue(onEnd: (response: ServerResponse) => void) {
  const queues = new WeakMap<Socket, Queue>();

  function queueOf(socket: Socket): Queue {
    const known = queues.get(socket);
    if (known) return known;
    const queue: Queue = { isBusy: false, waiting: [], isFull: false, dropped: 0 };
    queues.set(socket, queue);
    return queue;
  }

  function start(socket: Socket, queue: Queue, response: ServerResponse, handle: () => void): void {
    queue.isBusy = true;
    response.on('close', () => {
      queue.isBusy = false;
      if (socket.destroyed) queue.waiting = [];
      const next = queue.waiting.shift();
      if (next) start(socket, queue, next.response, next.handle);
      onEnd(response);
    });
    handle();
  }

  return {
    /** Returns whether an earlier request of the connection has no complete response yet. */
    isBusy: (socket: Socket) => queueOf(socket).isBusy,
    /** Calls `handle` once all earlier responses of the connection have been sent. */
    handleInTurn({ socket }: IncomingMessage, response: ServerResponse, handle: () => void): void {
      const queue = queueOf(socket);
      if (!queue.isBusy) {
        start(socket, queue, response, handle);
        return;
      }
      if (queue.isFull) {
        queue.dropped += 1;
        if (queue.dropped > limits.nodeServer.droppedRequests) socket.destroy();
        return;
      }
      queue.waiting.push({ response, handle });
      if (queue.waiting.length < limits.nodeServer.pipelinedRequests) return;
      queue.isFull = true;
      response.setHeader('connection', 'close');
    },
  };
}
