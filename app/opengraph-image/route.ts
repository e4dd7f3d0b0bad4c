import { openGraphImage } from '#app/_components/open-graph-image.tsx';
import { handleSiteImage } from '#server/raw/open-graph-image.ts';

const handle = (request: Request) => handleSiteImage(request, openGraphImage);

// Every method, so that one that is not allowed is refused with the envelope and not with Next's empty 405.
export {
  handle as DELETE,
  handle as GET,
  handle as HEAD,
  handle as OPTIONS,
  handle as PATCH,
  handle as POST,
  handle as PUT,
};
