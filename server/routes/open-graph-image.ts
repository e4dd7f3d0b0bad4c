import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import { productTagline } from '../config/product-name.ts';
import { conditionalResponse } from '../http/conditional-request.ts';
import { decodePathSegment } from '../http/decode-path.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse } from '../http/response.ts';
import { defineSingleton } from '../lib/singleton.ts';
import { services } from '../services.ts';
import { handleGet } from './get-only.ts';

/** The text on the preview image of a page. */
export type ImageText = { title: string; note: string };

/** Renders the image as a PNG. */
export type RenderImage = (text: ImageText) => Promise<Uint8Array<ArrayBuffer>>;

/** `/opengraph-image` */
export function handleSiteImage(request: HttpRequest, render: RenderImage): Promise<HttpResponse> {
  return handleGet(request, '/opengraph-image', () =>
    respondWithImage(request, render, {
      title: productTagline,
      note: 'One Next.js application: tRPC procedures, feeds and files.',
    }),
  );
}

/** `/posts/<slug>/opengraph-image` */
export function handlePostImage(request: HttpRequest, render: RenderImage): Promise<HttpResponse> {
  return handleGet(request, '/posts/[slug]/opengraph-image', async () => {
    const slug = decodePathSegment(targetOf(request).pathname.split('/').at(-2) ?? '');
    const post = await services().feed.posts.get(slug);
    if (!post) throw new HttpError('not_found', { message: 'There is no such post.' });
    const note = post.publishedAt.toISOString().slice(0, 10);
    return respondWithImage(request, render, { title: post.title, note });
  });
}

const images = defineSingleton(
  'open-graph-images',
  () => new LRUCache<string, Promise<Uint8Array<ArrayBuffer>>>({ max: limits.openGraphImages }),
);

async function respondWithImage(
  request: HttpRequest,
  render: RenderImage,
  text: ImageText,
): Promise<HttpResponse> {
  const cache = images.get();
  const key = JSON.stringify(text);
  // Caches the promise, so that concurrent requests share one rendering.
  const image = cache.get(key) ?? render(text);
  cache.set(key, image);
  image.catch(() => cache.delete(key));
  return conditionalResponse(request, {
    body: await image,
    contentType: 'image/png',
    lastModified: null,
    cacheControl: 'public, max-age=3600',
  });
}
