import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { services } from '#server/services.ts';
import { PostDate } from '../post-date.tsx';

/** Rendered per request: posts can change while the product runs. */
export const instant = false;

export async function generateMetadata({ params }: PageProps<'/posts/[slug]'>): Promise<Metadata> {
  await connection();
  const post = await services().feed.posts.get((await params).slug);
  if (!post) notFound();
  const { title, summary, slug, publishedAt, updatedAt, tags } = post;
  return pageMetadata({
    path: `/posts/${slug}`,
    title,
    description: summary,
    imagePath: `/posts/${slug}/opengraph-image`,
    article: { publishedAt, updatedAt, tags },
  });
}

export default async function PostPage({ params }: PageProps<'/posts/[slug]'>) {
  await connection();
  const post = await services().feed.posts.get((await params).slug);
  if (!post) notFound();
  return (
    <>
      <article>
        <h1>{post.title}</h1>
        <p className="text-muted text-sm">
          <PostDate date={post.publishedAt} />
          {post.updatedAt && (
            <>
              , updated <PostDate date={post.updatedAt} />
            </>
          )}
        </p>
        <div
          className="post-body mt-6"
          // biome-ignore lint/security/noDangerouslySetInnerHtml: server/lib/markdown.ts escapes HTML in posts
          dangerouslySetInnerHTML={{ __html: post.pageHtml }}
        />
      </article>
      <p className="mt-10">
        <PageLink href="/posts">All posts</PageLink>
      </p>
    </>
  );
}
