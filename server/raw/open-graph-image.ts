import { LRUCache } from 'lru-cache';
import type { Answer } from '../door/answer.ts';
import { conditionalAnswer } from '../door/conditional.ts';
import { type DoorRequest, targetOf } from '../door/door-request.ts';
import { decodePathSegment } from '../door/path.ts';
import { Refusal } from '../door/refusal.ts';
import { limits } from '../limits.ts';
import { services } from '../services.ts';
import { singleton } from '../singleton.ts';
import { serveText } from './serve-text.ts';

/** What stands on the picture that a link to a page is shown with. */
export type ImageText = { title: string; note: string };

/** Draws it as a PNG. */
export type RenderImage = (text: ImageText) => Promise<Uint8Array<ArrayBuffer>>;

/** `/opengraph-image` */
export function handleSiteImage(request: DoorRequest, render: RenderImage): Promise<Answer> {
  return serveText(request, '/opengraph-image', () =>
    answer(request, render, {
      title: 'A typed backend for your frontend',
      note: 'One Next.js application: tRPC procedures, feeds and files.',
    }),
  );
}

/** `/posts/<slug>/opengraph-image` */
export function handlePostImage(request: DoorRequest, render: RenderImage): Promise<Answer> {
  return serveText(request, '/posts/[slug]/opengraph-image', async () => {
    const slug = decodePathSegment(targetOf(request).pathname.split('/').at(-2) ?? '');
    const post = await services().feed.posts.get(slug);
    if (!post) throw new Refusal('not_found', { message: 'There is no such post.' });
    return answer(request, render, { title: post.title, note: post.publishedAt.toISOString().slice(0, 10) });
  });
}

async function answer(request: DoorRequest, render: RenderImage, text: ImageText): Promise<Answer> {
  const drawn = singleton(
    'open-graph-images',
    () => new LRUCache<string, Promise<Uint8Array<ArrayBuffer>>>({ max: limits.openGraphImages }),
  );
  const key = JSON.stringify(text);
  // The promise, so that callers at the same time wait for one drawing.
  const image = drawn.get(key) ?? render(text);
  drawn.set(key, image);
  image.catch(() => drawn.delete(key));
  return conditionalAnswer(request, {
    body: await image,
    contentType: 'image/png',
    lastModified: null,
    cacheControl: 'public, max-age=3600',
  });
}
