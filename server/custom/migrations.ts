import type { Migrations } from '../storage/migrations.ts';

/**
 * Your own schema changes, which run after those of the product, in the order of their names. Never edit a released
 * migration: append the next one. Releases of the product do not change this file. docs/own-tables.md has an example.
 */
export const customMigrations: Migrations = () => ({});
