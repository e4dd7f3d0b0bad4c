/** The pages for everybody, but for those of single posts. The inbox of a demo is not for search engines. */
export const pages = ['/', '/weather', '/contact', '/echo', '/proxy', '/posts', '/feeds', '/status'] as const;
