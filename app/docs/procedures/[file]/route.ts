export { handleProcedurePage as GET } from '#server/catalog/route.ts';
