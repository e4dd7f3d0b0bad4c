import { PageLink } from './_components/page-link.tsx';

export default function NotFound() {
  return (
    <div className="space-y-4">
      <h1>There is nothing here</h1>
      <p>
        The page may have moved. <PageLink href="/">Go to the start page</PageLink>
      </p>
    </div>
  );
}
