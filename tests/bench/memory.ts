import { trpcPost } from './http/calls.ts';
import { start } from './http/contenders.ts';
import { type Call, load } from './support/load.ts';
import { residentMegabytes } from './support/processes.ts';
import { type Cell, table } from './support/table.ts';

export type MemorySummary = {
  /** Resident memory before the first request. */
  idleMegabytes: number;
  /** Resident memory after each tenth of the requests. */
  megabytes: number[];
  requests: number;
};

const requests = 1_000_000;
const calls: readonly Call[] = [
  trpcPost('fixture.body', { hello: 'world' }),
  { method: 'GET', path: '/api/trpc/fixture.request', status: 200 },
  { method: 'GET', path: '/rss.xml', status: 200 },
  trpcPost('fixture.nothing', {}, 404),
];

/** Sends a million requests of several kinds to one worker and measures its memory, which must not grow with them. */
export async function measureMemory(connections: number, folder: string): Promise<MemorySummary> {
  const running = await start('f', { folder, env: {} });
  try {
    const idleMegabytes = residentMegabytes(running.pid);
    const megabytes: number[] = [];
    let done = 0;
    for (let turn = 0; done < requests; turn += 1) {
      const call = calls[turn % calls.length];
      if (call) done += (await load(running, call, { seconds: 1, connections, folder })).requests;
      const tenths = Math.min(10, Math.floor((done * 10) / requests));
      while (megabytes.length < tenths) megabytes.push(residentMegabytes(running.pid));
    }
    print(idleMegabytes, megabytes);
    return { idleMegabytes, megabytes, requests: done };
  } finally {
    await running.close();
  }
}

function print(idle: number, megabytes: readonly number[]): void {
  const heads = ['requests', 'RSS MB'];
  const rows = [idle, ...megabytes].map((each, tenth): Cell[] => [(requests / 10) * tenth, Math.round(each)]);
  console.log(`\nmemory of one worker\n${table(heads, rows)}`);
}
