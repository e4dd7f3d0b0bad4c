import { startProduct } from '#tests/support/product.ts';

const p = await startProduct();
console.log(p.baseUrl);
process.on('SIGTERM', async () => {
  await p.close();
  process.exit(0);
});
setInterval(() => {}, 1000);
