/** A time to the minute, in UTC: the server does not know the time zone of the user. */
export function Time({ date }: { date: Date }) {
  const iso = date.toISOString();
  return <time dateTime={iso}>{iso.slice(0, 16).replace('T', ' ')} UTC</time>;
}
