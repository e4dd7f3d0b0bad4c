/** Number of minutes that are kept. */
export const historyMinutes = 60;

/** The calls of an upstream that ended in one minute, as counted by one process. */
export type MinuteCounts = {
  /** Whole minutes since the Unix epoch. */
  minute: number;
  calls: number;
  failures: number;
  /** Calls with a response that is no failure, and the sum of their durations in milliseconds. */
  answered: number;
  milliseconds: number;
};

/** The last hour of an upstream. Each list has one item a minute, the oldest first; the last minute is still running. */
export type UpstreamHistory = {
  /** Start of the last minute. */
  endsAt: Date;
  calls: number[];
  failures: number[];
  /** Mean latency in milliseconds; null in a minute without a response. */
  latency: (number | null)[];
};

const minuteLength = 60_000;

const currentMinute = () => Math.floor(Date.now() / minuteLength);

/** Counts the calls of one upstream in each minute of the last hour. */
export function createMinuteRecord() {
  /** A ring buffer: older minutes are overwritten. */
  const slots: (MinuteCounts | undefined)[] = [];

  return {
    /** @param seconds duration of a call with a response; undefined if there was none */
    add(call: { failed: boolean; seconds: number | undefined }): void {
      const minute = currentMinute();
      const index = minute % historyMinutes;
      const slot = slots[index];
      const counts =
        slot?.minute === minute ? slot : { minute, calls: 0, failures: 0, answered: 0, milliseconds: 0 };
      slots[index] = counts;
      counts.calls += 1;
      if (call.failed) counts.failures += 1;
      if (call.seconds === undefined) return;
      counts.answered += 1;
      counts.milliseconds += call.seconds * 1000;
    },
    /** Returns copies of the counts, without minutes in which no call ended. */
    read(): MinuteCounts[] {
      const last = currentMinute();
      return slots.flatMap((slot) => (slot && isKept(slot.minute, last) ? [{ ...slot }] : []));
    },
  };
}

const isKept = (minute: number, last: number) => minute > last - historyMinutes && minute <= last;

/** Returns the last hour, as the sum of the counts of several processes. */
export function historyOf(counts: readonly MinuteCounts[]): UpstreamHistory {
  const last = currentMinute();
  const first = last - historyMinutes + 1;
  const zeros = () => Array.from({ length: historyMinutes }, () => 0);
  const [calls, failures, answered, milliseconds] = [zeros(), zeros(), zeros(), zeros()];
  for (const each of counts) {
    if (!isKept(each.minute, last)) continue;
    const index = each.minute - first;
    calls[index] = (calls[index] ?? 0) + each.calls;
    failures[index] = (failures[index] ?? 0) + each.failures;
    answered[index] = (answered[index] ?? 0) + each.answered;
    milliseconds[index] = (milliseconds[index] ?? 0) + each.milliseconds;
  }
  const latency = answered.map((count, index) =>
    count === 0 ? null : Math.round((milliseconds[index] ?? 0) / count),
  );
  return { endsAt: new Date(last * minuteLength), calls, failures, latency };
}
