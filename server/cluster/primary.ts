/**
 * The first process of `npm start` where there are several workers. It answers no requests: it starts workers and
 * replaces them, hands signals on, and keeps what they have in common.
 */
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Env } from '../config/env.ts';
import { log } from '../observability/log.ts';
import { startTelemetry } from '../observability/tracing/start.ts';
import { createBroadcast } from './broadcast.ts';
import { createExitedWorkerMetrics } from './exited-worker-metrics.ts';
import type { FromWorker, Question } from './ipc-messages.ts';
import { createMailLeader } from './mail-leader.ts';
import { createRateLimitServer } from './rate-limit-server.ts';
import { createSharedState } from './shared-state.ts';
import { createSupervisor } from './supervisor.ts';
import { hasTerminal } from './terminal.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Serves the build with `WEB_CONCURRENCY` workers until it is told to stop. Resolves when the first one listens. */
export async function runPrimary(env: Env): Promise<void> {
  // Each worker takes connections from the system by itself: what one that dies has not taken is left to the others.
  if (!process.env.NODE_CLUSTER_SCHED_POLICY) cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.ts', import.meta.url)), args: [] });

  const salt = randomBytes(16).toString('hex');
  let startedAt = new Date();
  const state = createSharedState();
  const rounds = createBroadcast();
  const charge = createRateLimitServer<WorkerProcess>(env.RATE_LIMITS, async (members, name, bucket) => {
    const alive = members.filter((member) => crew.members.has(member));
    const answers = await rounds.ask(alive, { kind: 'giveBack', name, bucket });
    return answers.reduce((sum, { answer }) => sum + (typeof answer === 'number' ? answer : 0), 0);
  });
  const retired = createExitedWorkerMetrics();
  const crew = createSupervisor({
    size: env.WEB_CONCURRENCY,
    shutdownDelay: env.SHUTDOWN_DELAY * 1_000,
    log: log(),
    hear,
    ended(member) {
      rounds.forget(member);
      delivery.vacate(member);
      retired.add(member);
    },
    cannotStart() {
      log().fatal('no worker could start');
      void end(1, { force: true });
    },
  });
  const delivery = createMailLeader(crew.members);

  function hear(member: WorkerProcess, message: FromWorker): void {
    switch (message.kind) {
      case 'question':
        void reply(member, message.id, message.question);
        break;
      case 'answer':
        rounds.hear(member, message.id, message.answer);
        break;
      case 'loaded':
        log().info({ worker: member.id, pid: member.pid }, 'worker serves');
        delivery.assign();
        break;
      case 'failed':
        crew.failed(member);
        break;
      case 'drained':
        crew.drained(member);
        break;
      case 'terminated':
        // Where the signal went to all processes, the primary's own may come in the same turn.
        setImmediate(() => crew.terminated(member));
        break;
      case 'deliveryEnded':
        delivery.vacate(member);
        break;
      case 'wakeDelivery':
        delivery.wake();
        break;
    }
  }

  const othersThan = (member: WorkerProcess) =>
    [...crew.members].filter((other) => other !== member && other.connected);

  async function reply(member: WorkerProcess, id: number, question: Question): Promise<void> {
    member.send({ kind: 'reply', id, value: await answerTo(member, question) });
  }

  async function answerTo(member: WorkerProcess, question: Question): Promise<unknown> {
    switch (question.about) {
      case 'welcome':
        member.connected = true;
        return { salt, startedAt, othersServe: othersThan(member).some(({ state }) => state === 'loaded') };
      case 'charges':
        return charge(member, question.charges);
      case 'keep':
        return state.putIfAbsent(question.space, question.name, question.value);
      case 'kept':
        return state.get(question.space, question.name);
      case 'lastMetrics':
        return retired.remember(member, question.metrics);
      case 'others': {
        const answers = await rounds.ask(othersThan(member), { kind: 'ask', topic: question.topic });
        if (question.topic !== 'metrics') return answers.map(({ answer }) => answer);
        retired.remember(member, question.own);
        for (const { member, answer } of answers) retired.remember(member, answer);
        return retired.all(othersThan(member));
      }
    }
  }

  /** What all workers have counted together. One of them tells what is the same wherever it is asked. */
  async function gather(): Promise<unknown[]> {
    const { sumOf } = await import('../metrics.ts');
    const members = [...crew.members].filter(({ connected: greeted }) => greeted);
    const anyone = members.filter(({ state }) => state === 'loaded').slice(-1);
    const [answers, [common]] = await Promise.all([
      rounds.ask(members, { kind: 'ask', topic: 'metrics' }),
      rounds.ask(anyone, { kind: 'ask', topic: 'commonMetrics' }),
    ]);
    for (const { member, answer } of answers) retired.remember(member, answer);
    const told = await sumOf(retired.all(members)).getMetricsAsJSON();
    return [...told, ...(Array.isArray(common?.answer) ? common.answer : [])];
  }
  const telemetry = await startTelemetry({ env, log: log(), traces: false, gather });

  let ending = false;
  async function end(code: number, options?: { force: boolean }): Promise<void> {
    if (ending) return;
    ending = true;
    await crew.stop(options);
    await telemetry.stop();
    process.exit(code);
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));
  const hadTerminal = hasTerminal();
  process.on('SIGHUP', () => {
    // A terminal that is closed sends the same signal, and means the end.
    if (hadTerminal && !hasTerminal()) return void end(0);
    startedAt = new Date();
    void crew.roll();
  });
  crew.fill();
  await once(cluster, 'listening');
}
