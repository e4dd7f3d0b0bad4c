import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../config/limits.ts';
import { normaliseAddress } from '../http/client-address.ts';
import { createConcurrencyLimit } from '../lib/concurrency.ts';
import type { Logger } from '../observability/log.ts';

/**
 * Why a connection is not accepted: the limit of all (`total`), the limit of one client (`client`), or an error of the
 * system (`accept`), such as too many open files.
 */
export type DropReason = 'total' | 'client' | 'accept';

export type ConnectionMetrics = { connectionDropped(reason: DropReason): void };

/**
 * Limits the open connections of this process: idle ones cost memory and files, which requests and the calls that they
 * make need. Further connections are closed at once. A client can take half of them, unless proxies are in front, whose
 * address all clients share.
 *
 * @param options.openFiles maximum number of open files of this process
 */
export function limitConnections(
  server: Server,
  options: { trustedHops: number; log: Logger; metrics: ConnectionMetrics; openFiles?: number },
): { isCrowded(): boolean } {
  const { trustedHops, log, metrics, openFiles = openFileLimit() } = options;
  const total = maxConnections(openFiles);
  const perClient = trustedHops === 0 ? Math.ceil(total / 2) : Number.POSITIVE_INFINITY;
  const clients = createConcurrencyLimit({ total, perClient });
  let open = 0;
  let unreported = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;

  function onDropped(reason: DropReason, error?: Error): void {
    metrics.connectionDropped(reason);
    unreported += 1;
    if (performance.now() - reportedAt < limits.nodeServer.dropReportInterval) return;
    log.warn({ reason, dropped: unreported, open, limit: total, err: error }, 'connections dropped');
    unreported = 0;
    reportedAt = performance.now();
  }

  // Without a listener, the error would end the process. The server goes on listening.
  server.on('error', (error) => onDropped('accept', error));
  server.on('connection', (socket: Socket) => {
    const slot = clients.acquire(normaliseAddress(socket.remoteAddress ?? ''));
    if (slot.exceeded) {
      socket.destroy();
      onDropped(slot.exceeded === 'total' ? 'total' : 'client');
      return;
    }
    open += 1;
    socket.once('close', () => {
      open -= 1;
      slot.release();
    });
  });
  return {
    /** Connections should not be kept for further requests. */
    isCrowded: () => open > total / 2,
  };
}

/**
 * Returns the maximum number of connections with this limit of open files. Files and the connections to upstreams and
 * databases need the rest.
 */
export function maxConnections(openFiles: number): number {
  const { connections, reservedFiles } = limits.nodeServer;
  return Math.min(connections, Math.max(openFiles - reservedFiles, Math.floor(openFiles / 4)));
}

/** Returns the maximum number of open files of this process (`ulimit -n`). Node has no API for it, only Linux a file. */
function openFileLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
