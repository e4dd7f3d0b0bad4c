export { handleProcedurePage as GET } from '#server/raw/catalog.ts';
