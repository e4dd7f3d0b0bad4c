import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { type ContenderId, contenders, type Running, start } from './contenders.ts';
import { type Effort, measureScenario, type Row } from './measure.ts';
import { printScenario, type Summary, summarize } from './report.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** Measures all contenders in turn, scenario by scenario, and prints each scenario when it is complete. */
export async function measureHttp(
  groups: readonly Scenario['group'][],
  ids: readonly ContenderId[],
  effort: Effort,
): Promise<Summary[]> {
  const upstreams = await startUpstreams();
  const running: Running[] = [];
  try {
    // The product starts first, because the plain server's texts must be as long as the product's.
    const order = [...ids].sort((one, other) => Number(isProduct(other)) - Number(isProduct(one)));
    for (const id of order) {
      const lengths = id === 'a' ? await textLengths(running.at(-1)) : {};
      running.push(await start(id, { folder: effort.folder, env: { ...upstreams.env, ...lengths } }));
    }
    running.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
    const summaries: Summary[] = [];
    let accepted: Row[] = [];
    // A rejected call is compared with an accepted one, so that group needs the mutation too.
    const needed = scenarios.filter(
      ({ name, group }) => groups.includes(group) || (name === 'mutation' && groups.includes('rejected')),
    );
    for (const scenario of needed) {
      const rows = await measureScenario(scenario, running, effort);
      if (rows.length === 0) continue;
      if (scenario.name === 'mutation') accepted = rows;
      const ofScenario = rows.map((row) => summarize(row, basesOf(scenario, row, rows, accepted)));
      printScenario(scenario.name, ofScenario);
      summaries.push(...ofScenario);
    }
    return summaries;
  } finally {
    await Promise.all(running.map(({ close }) => close()));
    await upstreams.close();
  }
}

const isProduct = (id: ContenderId) => contenders[id].isProduct;

/**
 * Rows that a row is compared with: usually those of the same scenario. A rejected call is compared with the same
 * contender's accepted call, and cached reading, which only the product has, with the echo of `c`.
 */
function basesOf(
  { name, group }: Scenario,
  row: Row,
  rows: readonly Row[],
  accepted: readonly Row[],
): Record<string, Row | undefined> {
  const rowOf = (id: ContenderId, candidates: readonly Row[]) =>
    candidates.find(({ running }) => running.id === id);
  if (group === 'rejected') return { accepted: rowOf(row.running.id, accepted) };
  if (name === 'cached reading') return { "c's echo": rowOf('c', accepted) };
  const bases = { a: rowOf('a', rows), c: rowOf('c', rows) };
  return row.running.id === 'f' ? { ...bases, g: rowOf('g', rows), h: rowOf('h', rows) } : bases;
}

async function textLengths(product: Running | undefined): Promise<Record<string, string>> {
  const length = async (path: string) =>
    product ? String((await (await fetch(`${product.baseUrl}${path}`)).arrayBuffer()).byteLength) : '20000';
  return { RSS_LENGTH: await length('/rss.xml'), LLMS_LENGTH: await length('/llms.txt') };
}
