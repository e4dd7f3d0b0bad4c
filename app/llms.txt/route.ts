export { handleLlms as GET } from '#server/raw/catalog.ts';
