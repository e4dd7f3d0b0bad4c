/** The namespace of Media RSS (https://www.rssboard.org/media-rss), which readers support in RSS and Atom. */
export const mediaRss = 'http://search.yahoo.com/mrss/';
