import { openGraphImage } from '#app/_components/open-graph-image.tsx';
import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleSiteImage } from '#server/raw/open-graph-image.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers((request) =>
  handleSiteImage(request, openGraphImage),
);
