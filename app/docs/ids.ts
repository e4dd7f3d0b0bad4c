/** Has capital letters, which the ids of the sections of a guide never have. */
export const navigationId = 'docsNavigation';
/** The search field of the first page. */
export const searchId = 'search';
