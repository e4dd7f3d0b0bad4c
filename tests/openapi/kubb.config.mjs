import { defineConfig } from '@kubb/core';
import { pluginClient } from '@kubb/plugin-client';
import { pluginOas } from '@kubb/plugin-oas';
import { pluginTs } from '@kubb/plugin-ts';

const { FOLDER, BASE_URL } = process.env;

export default defineConfig({
  root: FOLDER,
  input: { path: `${FOLDER}/openapi.json` },
  output: { path: `${FOLDER}/kubb`, format: false, lint: false },
  plugins: [
    pluginOas({ generators: [] }),
    pluginTs({ output: { path: 'types' } }),
    pluginClient({ output: { path: 'clients' }, client: 'fetch', baseURL: BASE_URL }),
  ],
});
