import type { CatalogEntry } from '#server/catalog/catalog.ts';
import { fetchOf } from '#server/catalog/docs/fetch-snippet.ts';
import { goOf } from '#server/catalog/docs/go-snippet.ts';
import { pythonOf } from '#server/catalog/docs/python-snippet.ts';
import { curlLinesOf, typescriptOf } from '#server/catalog/docs/snippets.ts';
import { hookOf, serverComponentOf } from './react-snippets.ts';

type Sample = {
  /** Value of the radio button. The style sheet lists all of them. */
  id: 'curl' | 'typescript' | 'fetch' | 'python' | 'go' | 'react' | 'server';
  title: string;
  /** What the sample needs. */
  note: string;
  language: 'bash' | 'typescript' | 'python' | 'go';
  code: string;
};

/** Returns the call of a procedure's first example in every language. */
export function samplesOf(entry: CatalogEntry, siteUrl: string): Sample[] {
  const samples: Sample[] = [
    { id: 'curl', title: 'curl', note: 'Any shell', language: 'bash', code: curlLinesOf(entry, siteUrl) },
    {
      id: 'typescript',
      title: 'TypeScript',
      note: 'The typed client for scripts and services',
      language: 'typescript',
      code: typescriptOf(entry, siteUrl),
    },
    {
      id: 'fetch',
      title: 'fetch',
      note: 'JavaScript without a library',
      language: 'typescript',
      code: fetchOf(entry, siteUrl),
    },
    {
      id: 'python',
      title: 'Python',
      note: 'Python 3, standard library',
      language: 'python',
      code: pythonOf(entry, siteUrl),
    },
    { id: 'go', title: 'Go', note: 'net/http', language: 'go', code: goOf(entry, siteUrl) },
    { id: 'react', title: 'React', note: 'The typed hooks', language: 'typescript', code: hookOf(entry) },
  ];
  // Server components neither follow changes nor upload files.
  if (entry.type === 'subscription' || entry.upload) return samples;
  const code = serverComponentOf(entry);
  return [
    ...samples,
    { id: 'server', title: 'Server component', note: 'In process', language: 'typescript', code },
  ];
}
