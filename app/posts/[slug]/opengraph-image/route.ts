import { openGraphImage } from '#app/_lib/open-graph-image.tsx';
import { routeHandlers } from '#server/http/route-handlers.ts';
import { handlePostImage } from '#server/routes/open-graph-image.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers((request) =>
  handlePostImage(request, openGraphImage),
);
