const { FOLDER } = process.env;

export default {
  input: `${FOLDER}/openapi.json`,
  // Node runs the generated TypeScript as it is, so imports need the file extension.
  output: { path: `${FOLDER}/hey-api`, module: { extension: '.ts' } },
  plugins: ['@hey-api/client-fetch', '@hey-api/sdk', '@hey-api/typescript'],
};
