// Node loads the typed settings. Next itself would load its compiler for a .ts file: 100 MB in each process.
export { default } from './next.config.ts';
