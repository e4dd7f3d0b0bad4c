import { z } from 'zod';
import type { Coordinator, MailDelivery, Topic } from '../process/coordinator.ts';
import { createIpcClient, type IpcClient } from './ipc-client.ts';
import { welcomeSchema } from './ipc-messages.ts';
import { createRateLimitClient } from './rate-limit-client.ts';

/** This worker's part in the machine, beside what it serves. */
export type ClusterConnection = IpcClient & {
  machine: Coordinator;
  /** Whether there are workers that serve already. */
  othersServe: boolean;
  /** Delivers no more mails and says so, where it was this worker's to do. */
  endDelivery(): Promise<void>;
  /**
   * Says that this worker accepts no more requests. Where it delivers mails, resolves when no worker accepts any: for a
   * machine that stops.
   */
  drained(): Promise<void>;
};

const keptSchema = z.string().optional().catch(undefined);

/**
 * Takes the place among the workers that the primary has for this process.
 *
 * @param orders what the primary may tell it to do
 */
export async function joinCluster(orders: { leave(): void; stop(): void }): Promise<ClusterConnection> {
  const answers = new Map<Topic, () => unknown>();
  let delivery: MailDelivery | undefined;
  let delivers = false;
  const allDrained = Promise.withResolvers<void>();

  const { send: say, ask } = createIpcClient((message) => {
    switch (message.kind) {
      case 'ask':
        void answer(message.id, () => answers.get(message.topic)?.());
        break;
      case 'giveBack':
        void answer(message.id, () => charges.returnLease(message.name, message.bucket));
        break;
      case 'deliver':
        delivers = true;
        delivery?.begin();
        break;
      case 'wakeDelivery':
        delivery?.wake();
        break;
      case 'leave':
        orders.leave();
        break;
      case 'stop':
        orders.stop();
        break;
      case 'allDrained':
        allDrained.resolve();
        break;
    }
  });

  const charges = createRateLimitClient((charges) => ask({ about: 'charges', charges }));

  async function answer(id: number, tell: () => unknown): Promise<void> {
    const given = await Promise.try(tell).catch(() => undefined);
    await say({ kind: 'answer', id, answer: given });
  }

  const { salt, startedAt, othersServe } = welcomeSchema.parse(await ask({ about: 'welcome' }));
  const machine: Coordinator = {
    salt,
    startedAt,
    charge: charges.charge,
    putIfAbsent: async (space, name, value) =>
      keptSchema.parse(await ask({ about: 'keep', space, name, value })),
    get: async (space, name) => keptSchema.parse(await ask({ about: 'kept', space, name })),
    askOthers: async (topic, own) => {
      const given = await ask({ about: 'others', topic, own });
      return Array.isArray(given) ? given : [];
    },
    onAsk: (topic, tell) => void answers.set(topic, tell),
    offerDelivery(offered) {
      delivery = offered;
      if (delivers) delivery.begin();
    },
    wakeDelivery: () => void say({ kind: 'wakeDelivery' }),
  };

  async function endDelivery(): Promise<void> {
    if (!delivers) return;
    delivers = false;
    await delivery?.end();
    await say({ kind: 'deliveryEnded' });
  }
  return {
    machine,
    othersServe,
    send: say,
    ask,
    endDelivery,
    async drained() {
      await say({ kind: 'drained' });
      if (delivers) await allDrained.promise;
    },
  };
}
