import { z } from 'zod';
import { defineUpstream } from '../upstream-client/declaration.ts';

/** GitHub's rules: owners have letters, digits and single hyphens; repositories also dots and underscores. */
export const repository = z.strictObject({
  owner: z
    .string()
    .regex(/^[A-Za-z\d](?:[A-Za-z\d]|-(?=[A-Za-z\d])){0,38}$/, 'Not a GitHub user or organisation name'),
  repo: z.string().regex(/^(?!\.{1,2}$)[\w.-]{1,100}$/, 'Not a GitHub repository name'),
});

const cache = { freshFor: 60_000, staleWhileRevalidateFor: 5 * 60_000, staleIfErrorFor: 60 * 60_000 };
const mediaTypes = ['application/json', 'application/vnd.github+json'];

/**
 * GitHub's REST API, https://docs.github.com/rest. Without `GITHUB_TOKEN` it allows 60 calls an hour per address.
 *
 * The reading endpoints are public although they send the token: they are cached, and a token without access to private
 * repositories, which docs/configuration.md asks for, only raises GitHub's limit. Rendering is not public: anyone could
 * have texts of their own processed under the operator's token, uncached.
 */
export const github = defineUpstream({
  name: 'github',
  title: 'GitHub REST API',
  origin: (env) => env.GITHUB_API_URL,
  headers: { 'x-github-api-version': '2022-11-28' },
  credential: {
    header: 'authorization',
    value: (env) => (env.GITHUB_TOKEN ? `Bearer ${env.GITHUB_TOKEN}` : undefined),
  },
  endpoints: {
    repository: {
      method: 'GET',
      template: '/repos/{owner}/{repo}',
      summary: 'Describes a repository on GitHub',
      description: "Returns a public repository's description, language, licence, topics and counts.",
      params: repository,
      public: true,
      answer: {
        kind: 'json',
        mediaTypes,
        schema: z.object({
          full_name: z.string(),
          html_url: z.url(),
          description: z.string().nullable(),
          language: z.string().nullable(),
          license: z.object({ spdx_id: z.string().nullable(), name: z.string() }).nullable(),
          topics: z.array(z.string()).default([]),
          default_branch: z.string(),
          stargazers_count: z.int(),
          forks_count: z.int(),
          open_issues_count: z.int(),
          archived: z.boolean(),
          pushed_at: z.coerce.date().nullable(),
        }),
      },
      cache,
      mayBeMissing: true,
      example: { params: { owner: 'trpc', repo: 'trpc' } },
    },
    releases: {
      method: 'GET',
      template: '/repos/{owner}/{repo}/releases',
      summary: "Lists a repository's releases on GitHub",
      description: 'Returns the published releases, newest first, with their notes in Markdown.',
      params: repository,
      public: true,
      query: z
        .strictObject({
          per_page: z.int().min(1).max(30).default(10),
          page: z.int().min(1).max(100).default(1),
        })
        .optional(),
      answer: {
        kind: 'json',
        mediaTypes,
        schema: z.array(
          z.object({
            tag_name: z.string(),
            name: z.string().nullable(),
            html_url: z.url(),
            body: z.string().nullish(),
            prerelease: z.boolean(),
            published_at: z.coerce.date().nullable(),
          }),
        ),
      },
      cache,
      mayBeMissing: true,
      example: { params: { owner: 'trpc', repo: 'trpc' }, query: { per_page: 3 } },
    },
    renderMarkdown: {
      method: 'POST',
      template: '/markdown',
      summary: 'Renders Markdown as GitHub does',
      description: 'Returns the HTML that GitHub renders from Markdown. GitHub sanitises it.',
      // Rendering has no side effects.
      idempotency: 'safe',
      body: z.strictObject({
        text: z.string().min(1).max(20_000),
        mode: z.enum(['markdown', 'gfm']).optional(),
      }),
      answer: { kind: 'text', mediaTypes: ['text/html'], schema: z.string() },
      example: { body: { text: '**Hello** from a typed proxy' } },
    },
  },
});
