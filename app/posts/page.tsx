import { connection } from 'next/server';
import { PageLink } from '#app/_components/page-link.tsx';
import { pageMetadata } from '#app/_lib/page-metadata.ts';
import { productTagline, productTitle } from '#server/config/product-name.ts';
import { services } from '#server/services.ts';
import { PostDate } from './post-date.tsx';

/** Rendered per request: posts can change while the product runs. */
export const instant = false;

export const generateMetadata = () =>
  pageMetadata({
    path: '/posts',
    title: 'Posts',
    description: `Posts of ${productTitle}. ${productTagline}.`,
  });

export default async function PostsPage() {
  await connection();
  const posts = await services().feed.posts.list();
  return (
    <>
      <h1>Posts</h1>
      <p className="mt-2">
        Also available as <PageLink href="/feeds">feeds</PageLink>.
      </p>
      {posts.length === 0 && <p className="mt-8">There are no posts yet.</p>}
      <ul className="mt-8 max-w-prose space-y-8">
        {posts.map((post) => (
          <li key={post.slug}>
            <article>
              <h2>
                <PageLink href={`/posts/${post.slug}`}>{post.title}</PageLink>
              </h2>
              <PostDate date={post.publishedAt} />
              <p className="mt-1">{post.summary}</p>
            </article>
          </li>
        ))}
      </ul>
    </>
  );
}
