/**
 * The name in lower-case letters, digits and hyphens: of the database file, of keys in Redis, of the service in traces, and
 * what the product calls itself to upstreams. Another name starts with an empty database, and ends all sessions.
 */
export const productName = 'typed-bff';

/** The name for people: in titles of pages, feeds and of the MCP server. */
export const productTitle = 'typed-bff';

/** Describes the product in a phrase, without a full stop. */
export const productTagline = 'A typed backend for frontend';
