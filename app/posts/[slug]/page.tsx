import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { posts } from '#server/feed/posts.ts';
import { PostDate } from '../post-date.tsx';

/** The whole page is made before it is sent: with a shell sent first, an unknown slug would be a 200. */
export const ensureStatic = 'navigation';
export const instant = false;

export function generateStaticParams() {
  return posts()
    .list()
    .map(({ slug }) => ({ slug }));
}

export async function generateMetadata({ params }: PageProps<'/posts/[slug]'>): Promise<Metadata> {
  const post = posts().get((await params).slug);
  if (!post) notFound();
  return {
    title: post.title,
    description: post.summary,
    openGraph: { type: 'article', publishedTime: post.publishedAt.toISOString() },
  };
}

export default async function PostPage({ params }: PageProps<'/posts/[slug]'>) {
  const post = posts().get((await params).slug);
  if (!post) notFound();
  return (
    <>
      <article>
        <h1>{post.title}</h1>
        <PostDate date={post.publishedAt} />
        <div
          className="post-body mt-6"
          // biome-ignore lint/security/noDangerouslySetInnerHtml: made by server/feed/markdown.ts, which lets no HTML of the post through
          dangerouslySetInnerHTML={{ __html: post.pageHtml }}
        />
      </article>
      <p className="mt-10">
        <Link href="/posts">All posts</Link>
      </p>
    </>
  );
}
