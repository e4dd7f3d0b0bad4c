import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { type ContenderId, contenders, type Running, start } from './contenders.ts';
import { type Effort, measureScenario, type Row } from './measure.ts';
import { printScenario, type Summary, summarize } from './report.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** Requests to all contenders in turn, scenario after scenario; printed as they come. */
export async function measureHttp(
  groups: readonly Scenario['group'][],
  ids: readonly ContenderId[],
  effort: Effort,
): Promise<Summary[]> {
  const upstreams = await startUpstreams();
  const running: Running[] = [];
  try {
    // The product first: what plain texts weigh is asked of it.
    const order = [...ids].sort((one, other) => Number(isProduct(other)) - Number(isProduct(one)));
    for (const id of order) {
      const lengths = id === 'a' ? await textLengths(running.at(-1)) : {};
      running.push(await start(id, { folder: effort.folder, env: { ...upstreams.env, ...lengths } }));
    }
    running.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
    const summaries: Summary[] = [];
    let accepted: Row[] = [];
    // A refusal is compared with an accepted call, and weather with somebody else's echo.
    const needed = scenarios.filter(
      ({ name, group }) => groups.includes(group) || (name === 'mutation' && groups.includes('refused')),
    );
    for (const scenario of needed) {
      const rows = await measureScenario(scenario, running, effort);
      if (rows.length === 0) continue;
      if (scenario.name === 'mutation') accepted = rows;
      const done = rows.map((row) => summarize(row, basesOf(scenario, row, rows, accepted)));
      printScenario(scenario.name, done);
      summaries.push(...done);
    }
    return summaries;
  } finally {
    await Promise.all(running.map(({ close }) => close()));
    await upstreams.close();
  }
}

const isProduct = (id: ContenderId) => contenders[id].isProduct;

/** What a row is held against: those of its own scenario, or what stands for them where it has none. */
function basesOf(
  { name, group }: Scenario,
  row: Row,
  rows: readonly Row[],
  accepted: readonly Row[],
): Record<string, Row | undefined> {
  const of = (id: ContenderId, among: readonly Row[]) => among.find(({ running }) => running.id === id);
  if (group === 'refused') return { accepted: of(row.running.id, accepted) };
  if (name === 'cached weather') return { "c's echo": of('c', accepted) };
  const bases = { a: of('a', rows), c: of('c', rows) };
  return row.running.id === 'f' ? { ...bases, g: of('g', rows), h: of('h', rows) } : bases;
}

async function textLengths(product: Running | undefined): Promise<Record<string, string>> {
  const length = async (path: string) =>
    product ? String((await (await fetch(`${product.baseUrl}${path}`)).arrayBuffer()).byteLength) : '20000';
  return { RSS_LENGTH: await length('/rss.xml'), LLMS_LENGTH: await length('/llms.txt') };
}
