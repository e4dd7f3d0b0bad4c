/** Every page of the product, one of each kind. */
export const paths = [
  '/',
  '/weather',
  '/contact',
  '/echo',
  '/proxy',
  '/docs',
  '/docs/calling',
  '/docs/weather.forecast',
  '/docs/mail.list',
  '/feeds',
  '/posts',
  '/posts/one-typed-door',
  '/inbox',
  '/status',
];
