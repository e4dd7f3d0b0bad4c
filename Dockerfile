# The image contains the product and its runtime dependencies, no build or test tools. See docs/deploy.md.
FROM node:26.10.0-trixie-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build
# A start needs only the compiled modules of the cache. Node makes them readable for their owner only, hence the chmod.
RUN find .next -name '*.map' -delete \
  && find .next/cache -mindepth 1 -maxdepth 1 ! -name modules -exec rm -r {} + \
  && chmod -R a+rX .next

# The optional packages are compilers, types, image optimizers and a second Node.
FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM base
ENV NODE_ENV=production
ENV DATA_DIR=/data
RUN install -d -o 1000 -g 1000 -m 700 /data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/.next .next
COPY package.json next.config.mjs next.config.ts ./
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
CMD ["node", "--max-semi-space-size=4", "server/bin/run.mjs", "start"]
