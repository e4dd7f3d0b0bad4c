/** The time of a mail, to the second: several often arrive in the same minute. */
export function MailTime({ date }: { date: Date }) {
  const iso = date.toISOString();
  return (
    <time className="whitespace-nowrap tabular-nums" dateTime={iso}>
      {iso.slice(0, 19).replace('T', ' ')} UTC
    </time>
  );
}
