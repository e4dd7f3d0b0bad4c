export { handleLlms as GET } from '#server/catalog/route.ts';
