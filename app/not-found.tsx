import { PageLink } from './_components/page-link.tsx';

export default function NotFound() {
  return (
    <div className="space-y-4">
      <h1>Page not found</h1>
      <p>
        The page may have moved. <PageLink href="/">Go to the start page</PageLink>
      </p>
    </div>
  );
}
