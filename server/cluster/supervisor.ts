import { setTimeout as delay } from 'node:timers/promises';
import { limits } from '../config/limits.ts';
import type { Logger } from '../observability/log.ts';
import type { FromWorker } from './ipc-messages.ts';
import { createRestartBackoff } from './restart-backoff.ts';
import { startWorkerProcess, type WorkerExit, type WorkerProcess } from './worker-process.ts';

const { startDeadline, workerExitTimeout: rollPatience, killMargin } = limits.cluster;
const stopDeadline = limits.shutdownDeadline + limits.mail.stopGrace + killMargin;
const leaveDeadline = limits.raw.deadline + limits.mail.stopGrace + killMargin;

export type SupervisorOptions = {
  size: number;
  /** Milliseconds for which workers serve on when they are told to stop. */
  shutdownDelay: number;
  log: Logger;
  hear(member: WorkerProcess, message: FromWorker): void;
  /** Nothing more comes from this one. */
  ended(member: WorkerProcess): void;
  /** No worker has ever come as far as serving pages, and one has ended by itself. */
  cannotStart(): void;
};

/** Keeps as many workers at work as there should be. */
export function createSupervisor({ size, shutdownDelay, log, hear, ended, cannotStart }: SupervisorOptions) {
  const members = new Set<WorkerProcess>();
  const pauseAfter = createRestartBackoff();
  let stopping = false;
  let everLoaded = false;
  let rolling = false;
  let rollAgain = false;

  const atWork = () => [...members].filter(({ state }) => state === 'starting' || state === 'loaded');

  function add(): WorkerProcess {
    const member = startWorkerProcess(hear);
    members.add(member);
    void member.loaded.then((loaded) => {
      if (!loaded || everLoaded) return;
      everLoaded = true;
      fill();
    });
    void member.ended.then((end) => remove(member, end));
    return member;
  }

  /** The first worker shows whether the build can be loaded: the others start when it serves. */
  function fill(): void {
    const wanted = everLoaded ? size : 1;
    while (!stopping && atWork().length < wanted) add();
  }

  function remove(member: WorkerProcess, end: WorkerExit): void {
    members.delete(member);
    ended(member);
    tellDrained();
    if (stopping || member.state === 'leaving') return;
    // One that failed has said why.
    if (member.state !== 'failed') log.error({ worker: member.id, ...end }, 'worker ended by itself');
    if (!everLoaded && (end.code !== null || member.state === 'failed')) cannotStart();
    else setTimeout(fill, pauseAfter(performance.now() - member.startedAt));
  }

  /** The worker that delivers mails waits for this: the others may accept mails until then. */
  function tellDrained(): void {
    if (!stopping || [...members].some(({ drained }) => !drained)) return;
    for (const member of members) member.send({ kind: 'allDrained' });
  }

  /** It was told to end, and another takes its place. */
  function release(member: WorkerProcess): void {
    member.state = 'leaving';
    const kill = setTimeout(member.kill, leaveDeadline);
    void member.ended.then(() => clearTimeout(kill));
  }

  async function replace(old: WorkerProcess): Promise<boolean> {
    const fresh = add();
    if (!(await Promise.race([fresh.loaded, delay(startDeadline, false, { ref: false })]))) {
      fresh.state = 'leaving';
      fresh.kill();
      return false;
    }
    if (stopping || !members.has(old) || old.state === 'leaving') return true;
    release(old);
    old.send({ kind: 'leave' });
    await Promise.race([old.ended, delay(rollPatience, undefined, { ref: false })]);
    return true;
  }

  async function rollOnce(): Promise<void> {
    log.info('rolling restart begins');
    for (const old of atWork()) {
      if (stopping) return;
      if (!(await replace(old))) {
        log.error('rolling restart given up: the new worker does not serve; the others stay as they are');
        return;
      }
    }
    log.info('rolling restart has ended');
  }

  /** Replaces all workers, one after the other, each once its successor serves. Asked meanwhile, it does so again. */
  async function roll(): Promise<void> {
    rollAgain = true;
    if (rolling) return;
    rolling = true;
    while (rollAgain && !stopping) {
      rollAgain = false;
      await rollOnce();
      fill();
    }
    rolling = false;
  }

  /**
   * Ends all workers, those that do not end by themselves by force.
   *
   * @param force kills at once those that have never served
   */
  async function stop({ force = false } = {}): Promise<void> {
    stopping = true;
    const all = [...members];
    for (const member of all) {
      if (!member.connected || (force && member.state === 'starting')) member.kill();
      else member.send({ kind: 'stop' });
    }
    const kill = setTimeout(() => {
      for (const member of members) member.kill();
    }, shutdownDelay + stopDeadline);
    await Promise.all(all.map((member) => member.ended));
    clearTimeout(kill);
  }

  return {
    members,
    fill,
    /** A worker that was told to stop accepts no more requests. */
    drained(member: WorkerProcess): void {
      member.drained = true;
      tellDrained();
    },
    /** A worker received SIGTERM. Where all end, it was told so or is about to be. */
    terminated(member: WorkerProcess): void {
      if (stopping) return;
      release(member);
      member.send({ kind: 'leave' });
      fill();
    },
    /**
     * A worker cannot load the build. It is killed: to end by itself it would write its compile cache first, and many
     * processes that write one folder keep each other busy for tens of seconds.
     */
    failed(member: WorkerProcess): void {
      member.state = 'failed';
      member.kill();
    },
    roll,
    stop,
  };
}
