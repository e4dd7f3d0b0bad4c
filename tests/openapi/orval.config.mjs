const { FOLDER, BASE_URL } = process.env;

export default {
  api: {
    input: `${FOLDER}/openapi.json`,
    output: { target: `${FOLDER}/orval.ts`, client: 'fetch', baseUrl: BASE_URL },
  },
};
