const format = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' });

export function PostDate({ date }: { date: Date }) {
  return (
    <time className="text-muted text-sm" dateTime={date.toISOString()}>
      {format.format(date)}
    </time>
  );
}
