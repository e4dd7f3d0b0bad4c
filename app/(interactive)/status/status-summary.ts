type Upstream = { title: string; configured: boolean; breaker: 'closed' | 'half_open' | 'open' };

type Summary = { text: string; tone: 'success' | 'warn' | 'error' };

const list = new Intl.ListFormat('en');

/**
 * Returns the state of the backends in words.
 *
 * @param problem what is wrong with the instance itself
 */
export function summaryOf(upstreams: readonly Upstream[], problem: string | undefined): Summary {
  if (problem !== undefined) return { text: problem, tone: 'error' };
  const titlesOf = (state: Upstream['breaker']) =>
    upstreams.filter(({ configured, breaker }) => configured && breaker === state).map(({ title }) => title);
  const [failing, recovering] = [titlesOf('open'), titlesOf('half_open')];
  if (failing.length === 0 && recovering.length === 0)
    return { text: 'All backends work normally.', tone: 'success' };
  const parts = [
    ...(failing.length > 0 ? [`${list.format(failing)} ${failing.length === 1 ? 'fails' : 'fail'}.`] : []),
    ...(recovering.length > 0
      ? [`${list.format(recovering)} ${recovering.length === 1 ? 'recovers' : 'recover'}.`]
      : []),
    'All others work normally.',
  ];
  return { text: parts.join(' '), tone: failing.length > 0 ? 'error' : 'warn' };
}
