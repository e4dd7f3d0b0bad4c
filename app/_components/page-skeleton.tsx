/** A placeholder for a loading page: heading, lead and cards. The style sheet shows it, see LinkPending. */
export function PageSkeleton() {
  return (
    <div role="status" className="page-skeleton space-y-6">
      <span className="sr-only">The page is loading</span>
      <div className="skeleton h-9 w-56 max-w-full rounded-lg bg-line" />
      <div className="space-y-2">
        <div className="skeleton h-5 max-w-prose rounded bg-line" />
        <div className="skeleton h-5 w-3/5 rounded bg-line" />
      </div>
      <div className="grid gap-6 md:grid-cols-2">
        <div className="skeleton h-56 rounded-xl bg-line" />
        <div className="skeleton h-56 rounded-xl bg-line" />
      </div>
      <div className="skeleton h-80 rounded-xl bg-line" />
    </div>
  );
}
