/** Your own pages. Those of the product follow them in the menu and on the start page. */
export const customPages = [
  {
    path: '/weather',
    name: 'Weather',
    description: 'A forecast from two sources, complete on first paint.',
  },
  {
    path: '/echo',
    name: 'Echo',
    description: 'Dates, maps and bigints keep their types over the wire.',
  },
  {
    path: '/posts',
    name: 'Posts',
    description: 'Articles from Markdown files, also as feeds.',
  },
] as const;

/** Your own routes that take posted forms, for browsers without JavaScript. */
export const customFormRoutes: readonly string[] = ['/weather/choose', '/notes/add'];
