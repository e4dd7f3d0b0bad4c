import { openGraphImage } from '#app/_lib/open-graph-image.tsx';
import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleSiteImage } from '#server/routes/open-graph-image.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers((request) =>
  handleSiteImage(request, openGraphImage),
);
