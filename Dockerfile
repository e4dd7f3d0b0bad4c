# The product with what it needs to run, and without what builds and tests it. docs/deploy.md tells how to use it.
FROM node:26.10.0-trixie-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
# Of the cache only the compiled modules serve a start. Node lets nobody but their owner read them.
RUN find .next -name '*.map' -delete \
  && find .next/cache -mindepth 1 -maxdepth 1 ! -name modules -exec rm -r {} + \
  && chmod -R a+rX .next

# Optional are compilers and what shrinks pictures; the one script would fetch a second Node.
FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM base
ENV NODE_ENV=production
ENV DATA_DIR=/data
RUN install -d -o 1000 -g 1000 -m 700 /data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/.next .next
COPY package.json next.config.ts ./
COPY client client
COPY content content
COPY public public
COPY server server
USER 1000:1000
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=4", "server/bin/launch.ts", "start"]
