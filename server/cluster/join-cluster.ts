import { z } from 'zod';
import type { Coordinator, HintTopic, MailDelivery, Topic } from '../process/coordinator.ts';
import { createIpcClient, type IpcClient } from './ipc-client.ts';
import { connectedSchema } from './ipc-messages.ts';
import { createRateLimitClient } from './rate-limit-client.ts';

/** A worker's connection to its primary. */
export type ClusterConnection = IpcClient & {
  coordinator: Coordinator;
  /** Other workers already serve. */
  othersServe: boolean;
  /** Stops mail delivery and reports it, if this worker is the mail leader. */
  resignMailLeader(): Promise<void>;
  /**
   * Reports that this worker accepts no more requests, during the shutdown of all workers. If it is the mail leader,
   * resolves only after all workers have reported this: until then they may accept mails.
   */
  reportDrained(): Promise<void>;
};

type PrimaryCommands = { drain(): void; shutdown(): void };

const previousValueSchema = z.string().optional().catch(undefined);

/**
 * Connects this process to its primary.
 *
 * @param commands called when the primary sends the command
 */
export async function joinCluster(commands: PrimaryCommands): Promise<ClusterConnection> {
  const handlers = new Map<Topic, () => unknown>();
  let delivery: MailDelivery | undefined;
  let isMailLeader = false;
  let onHint: ((topic: HintTopic, key: string) => void) | undefined;
  const allDrained = Promise.withResolvers<void>();

  const { send, request } = createIpcClient((message) => {
    switch (message.kind) {
      case 'query':
        void reply(message.id, () => handlers.get(message.topic)?.());
        break;
      case 'becomeMailLeader':
        isMailLeader = true;
        delivery?.start();
        break;
      case 'wakeMailLeader':
        delivery?.wake();
        break;
      case 'hint':
        onHint?.(message.topic, message.key);
        break;
      case 'drain':
        commands.drain();
        break;
      case 'shutdown':
        commands.shutdown();
        break;
      case 'allDrained':
        allDrained.resolve();
        break;
    }
  });

  const rateLimits = createRateLimitClient((charges) => request({ kind: 'charge', charges }));

  async function reply(id: number, createValue: () => unknown): Promise<void> {
    const value = await Promise.try(createValue).catch(() => undefined);
    await send({ kind: 'reply', id, value });
  }

  const { salt, startedAt, othersServe } = connectedSchema.parse(await request({ kind: 'connect' }));
  const coordinator: Coordinator = {
    salt,
    startedAt,
    charge: rateLimits.charge,
    putIfAbsent: async (space, name, value) =>
      previousValueSchema.parse(await request({ kind: 'putIfAbsent', space, name, value })),
    broadcast: async (topic, own) => {
      const replies = await request({ kind: 'broadcast', topic, own });
      return Array.isArray(replies) ? replies : [];
    },
    onBroadcast: (topic, handler) => void handlers.set(topic, handler),
    sendHint: (topic, key) => void send({ kind: 'hint', topic, key }),
    onHint(handler) {
      onHint = handler;
    },
    registerMailDelivery(registered) {
      delivery = registered;
      if (isMailLeader) delivery.start();
    },
    wakeMailLeader: () => void send({ kind: 'wakeMailLeader' }),
  };

  async function resignMailLeader(): Promise<void> {
    if (!isMailLeader) return;
    isMailLeader = false;
    await delivery?.stop();
    await send({ kind: 'resignMailLeader' });
  }

  async function reportDrained(): Promise<void> {
    await send({ kind: 'drained' });
    if (isMailLeader) await allDrained.promise;
  }

  return { coordinator, othersServe, send, request, resignMailLeader, reportDrained };
}
