import type { Metadata } from 'next';
import Link from 'next/link';
import { posts } from '#server/feed/posts.ts';
import { PostDate } from './post-date.tsx';

export const metadata: Metadata = {
  title: 'Posts',
  description: 'Notes on a typed backend for frontend: its contract, its limits and the reasons for them.',
};

export default function PostsPage() {
  return (
    <>
      <h1>Posts</h1>
      <p className="mt-2">
        Also as a feed: <a href="/rss.xml">RSS</a>.
      </p>
      <ul className="mt-8 max-w-prose space-y-8">
        {posts()
          .list()
          .map((post) => (
            <li key={post.slug}>
              <article>
                <h2>
                  <Link href={`/posts/${post.slug}`}>{post.title}</Link>
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
