import { defineSingleton } from '../lib/singleton.ts';

/** The longest time between two marks, and the work that probably ran in it. */
export type LongestRun = { work: string; milliseconds: number };

/**
 * Records which work uses the event loop. Units of work (requests, calls, mail deliveries) mark their start and their
 * end. The time between two marks belongs to the unit that ends with the second mark, or else to the one that started
 * with the first. That is exact for synchronous work at the start or the end of a unit. In the middle of a unit nothing
 * tells which one is running: the one that started last is assumed.
 */
export function createWorkRecord(now: () => number) {
  /** The running unit that started last. */
  let latest: Unit | undefined;
  let longest: LongestRun = { work: 'unknown', milliseconds: 0 };
  let lastMark = now();

  /** @param ended the unit that ends with this mark */
  function mark(ended?: Unit): void {
    const time = now();
    const milliseconds = time - lastMark;
    lastMark = time;
    if (milliseconds <= longest.milliseconds) return;
    const { name = 'unknown' } = ended ?? latest ?? {};
    longest = { work: name, milliseconds };
  }

  function remove(unit: Unit): void {
    if (unit.next) unit.next.previous = unit.previous;
    else latest = unit.previous;
    if (unit.previous) unit.previous.next = unit.next;
  }

  return {
    /**
     * Marks the start of a unit of work.
     *
     * @param name of a closed set, because it becomes a label: the pattern of a route, a procedure, or a job
     * @returns marks its end. Call it once
     */
    start(name: string): () => void {
      mark();
      const unit: Unit = { name, previous: latest, next: undefined };
      if (latest) latest.next = unit;
      latest = unit;
      return () => {
        mark(unit);
        remove(unit);
      };
    },
    /** Returns the longest time between two marks since the last call. This call is a mark, too. */
    takeLongest(): LongestRun {
      mark();
      const taken = longest;
      longest = { work: 'unknown', milliseconds: 0 };
      return taken;
    },
  };
}

/** A running unit of work, in a list by start. Marks are made on every call, and a Set would cost each of them more. */
type Unit = { name: string; previous: Unit | undefined; next: Unit | undefined };

export type WorkRecord = ReturnType<typeof createWorkRecord>;

/** The work of this process. */
export const workRecord = defineSingleton('work', () => createWorkRecord(() => performance.now())).get();
