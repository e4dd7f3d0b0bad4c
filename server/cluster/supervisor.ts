import { limits } from '../config/limits.ts';
import { withTimeout } from '../lib/timeout.ts';
import type { Logger } from '../observability/log.ts';
import type { FromWorker } from './ipc-messages.ts';
import { createRestartBackoff } from './restart-backoff.ts';
import type { startWorkerProcess, WorkerExit, WorkerProcess } from './worker-process.ts';

const { startDeadline, workerExitTimeout, killMargin } = limits.cluster;
const shutdownDeadline = limits.shutdownDeadline + limits.mail.stopGrace + killMargin;
const drainDeadline = limits.raw.deadline + limits.mail.stopGrace + killMargin;

type SupervisorOptions = {
  size: number;
  /** Time that workers keep serving after `shutdown`, in milliseconds. */
  shutdownDelay: number;
  log: Logger;
  onMessage(worker: WorkerProcess, message: FromWorker): void;
  /** Called after the last message of a worker. */
  onExit(worker: WorkerProcess): void;
  /** Called when a worker fails or exits with a code before any worker was ever ready. */
  onStartFailure(): void;
  startWorker: typeof startWorkerProcess;
};

/** Keeps `size` workers running. */
export function createSupervisor(options: SupervisorOptions) {
  const { size, shutdownDelay, log, startWorker, onMessage, onExit, onStartFailure } = options;
  const workers = new Set<WorkerProcess>();
  const nextBackoff = createRestartBackoff();
  let isShuttingDown = false;
  let wasEverReady = false;
  let isRestarting = false;
  let restartAgain = false;

  const isActive = (worker: WorkerProcess) =>
    workers.has(worker) && (worker.state === 'starting' || worker.state === 'ready');
  const activeWorkers = () => [...workers].filter(isActive);

  function start(): WorkerProcess {
    const worker = startWorker(onMessage);
    workers.add(worker);
    void worker.ready.then((isReady) => {
      if (!isReady || wasEverReady) return;
      wasEverReady = true;
      fill();
    });
    void worker.exited.then((exit) => remove(worker, exit));
    return worker;
  }

  /** Starts missing workers. The first one shows whether the build can be loaded: the others wait until it is ready. */
  function fill(): void {
    const target = wasEverReady ? size : 1;
    while (!isShuttingDown && activeWorkers().length < target) start();
  }

  function remove(worker: WorkerProcess, exit: WorkerExit): void {
    workers.delete(worker);
    onExit(worker);
    reportAllDrained();
    if (isShuttingDown || worker.state === 'draining') return;
    // A failed worker has logged the reason itself.
    if (worker.state !== 'failed') log.error({ worker: worker.id, ...exit }, 'worker exited unexpectedly');
    if (!wasEverReady && (exit.code !== null || worker.state === 'failed')) onStartFailure();
    else setTimeout(fill, nextBackoff(performance.now() - worker.startedAt));
  }

  /** The mail leader waits for this message, because the other workers may accept mails until they are drained. */
  function reportAllDrained(): void {
    if (!isShuttingDown || [...workers].some(({ drained }) => !drained)) return;
    for (const worker of workers) worker.send({ kind: 'allDrained' });
  }

  function drain(worker: WorkerProcess): void {
    worker.state = 'draining';
    const kill = setTimeout(worker.kill, drainDeadline);
    void worker.exited.then(() => clearTimeout(kill));
    worker.send({ kind: 'drain' });
  }

  /** @returns false if the new worker did not become ready */
  async function replace(old: WorkerProcess): Promise<boolean> {
    const successor = start();
    if (!(await withTimeout(successor.ready, startDeadline))) {
      successor.state = 'draining';
      successor.kill();
      return false;
    }
    if (isShuttingDown || !isActive(old)) return true;
    drain(old);
    await withTimeout(old.exited, workerExitTimeout);
    return true;
  }

  async function restartOnce(): Promise<void> {
    log.info('rolling restart started');
    for (const old of activeWorkers()) {
      if (isShuttingDown) return;
      // It has exited or was drained meanwhile, so it is replaced already.
      if (!isActive(old)) continue;
      if (!(await replace(old))) {
        log.error(
          'rolling restart aborted: the new worker did not become ready; the old workers keep running',
        );
        return;
      }
    }
    log.info('rolling restart finished');
  }

  /**
   * Replaces all workers one by one, each once its successor is ready. A call during a rolling restart schedules one
   * more.
   */
  async function rollingRestart(): Promise<void> {
    restartAgain = true;
    if (isRestarting) return;
    isRestarting = true;
    while (restartAgain && !isShuttingDown) {
      restartAgain = false;
      await restartOnce();
      fill();
    }
    isRestarting = false;
  }

  /**
   * Shuts down all workers, and kills those that exceed their deadlines.
   *
   * @param force kills workers that are still starting at once
   */
  async function shutdown({ force = false } = {}): Promise<void> {
    isShuttingDown = true;
    const running = [...workers];
    for (const worker of running) {
      if (!worker.connected || (force && worker.state === 'starting')) worker.kill();
      else worker.send({ kind: 'shutdown' });
    }
    const kill = setTimeout(() => {
      for (const worker of workers) worker.kill();
    }, shutdownDelay + shutdownDeadline);
    await Promise.all(running.map((worker) => worker.exited));
    clearTimeout(kill);
  }

  return {
    workers,
    fill,
    /** During the shutdown a worker accepts no more requests. */
    onDrained(worker: WorkerProcess): void {
      worker.drained = true;
      reportAllDrained();
    },
    /** A worker received SIGTERM. It is replaced, unless all workers shut down. */
    onTerminated(worker: WorkerProcess): void {
      if (isShuttingDown) return;
      drain(worker);
      fill();
    },
    /**
     * A worker cannot load the build. It is killed, because a normal exit would write its compile cache first, and many
     * processes that write to one folder block each other for tens of seconds.
     */
    onFailed(worker: WorkerProcess): void {
      worker.state = 'failed';
      worker.kill();
    },
    rollingRestart,
    shutdown,
  };
}
