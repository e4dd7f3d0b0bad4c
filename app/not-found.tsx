import Link from 'next/link';

export default function NotFound() {
  return (
    <div className="space-y-4">
      <h1>There is nothing here</h1>
      <p>
        The page may have moved. <Link href="/">Go to the start page</Link>
      </p>
    </div>
  );
}
