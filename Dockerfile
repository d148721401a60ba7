# The image of one service: docker build --build-arg SERVICE=order --tag equipmgnt-order .
# SERVICE=ops is the operators' command line, SERVICE=issuer the issuer for development. The stages before
# "packages" do not use SERVICE, so all images share them.
# Needs BuildKit, the default of Docker 23 and newer.

# Another registry's copy, or a digest, can replace it.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS base
WORKDIR /app

# Only the package manifests: the layer with the installed packages stays cached while only sources
# change, and a new package needs no line here.
FROM base AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
 && find . -type d -empty -delete

FROM base AS build
COPY --from=manifests /app ./
# Nothing here needs the install scripts of a dependency.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY . .
RUN npm run build

# node_modules for production, with links to the workspaces that the service uses.
FROM base AS packages
ARG SERVICE
COPY --from=manifests /app ./
RUN services=$(basename -a gateway services/* tools/ops tools/issuer); echo "$services" | grep -qxF -- "$SERVICE" || { \
      echo "SERVICE is '$SERVICE', expected one of:" $services >&2; \
      exit 1; }
# Types and source maps are a third of the size, and only developers need them.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --workspace="@equipmgnt/$SERVICE" \
 && find node_modules -type f -regex '.*\.\(map\|d\.[cm]?ts\)' -delete

# These workspaces, each with its manifest, its build and its own node_modules, if any.
FROM packages AS app
# preload.mjs is loaded before everything else: traces, in the services.
RUN --mount=type=bind,from=build,source=/app,target=/built \
    for folder in $(find node_modules/@equipmgnt -type l -printf '%l\n' | sed 's:^\(../\)*::'); do \
      mkdir -p "/out/$folder" \
      && cp -r "$folder/." "/built/$folder/dist" "/out/$folder/" || exit; \
      if [ -d "/built/$folder/pages" ]; then cp -r "/built/$folder/pages" "/out/$folder/" || exit; fi; \
    done \
 && cd /out && ln -s $(ls -d gateway services/* tools/ops tools/issuer 2>/dev/null) service \
 && if [ -d libs/tracing ]; then echo "import '@equipmgnt/tracing';"; fi > preload.mjs

FROM base
ARG SERVICE
ARG VERSION=development
ARG NODE_IMAGE
COPY --from=packages /app/node_modules node_modules
COPY --from=app /out ./
LABEL org.opencontainers.image.title="equipmgnt-$SERVICE" \
      org.opencontainers.image.description="Equipment rental (장비대여): $SERVICE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.base.name="$NODE_IMAGE"
ENV NODE_ENV=production VERSION=$VERSION
USER 1000:1000
EXPOSE 8080
# An agent of its own: the default one, like fetch, would use the proxy of the container's environment.
HEALTHCHECK --interval=5s --timeout=10s --start-period=180s \
  CMD ["node", "-e", "require('node:http').get({ port: process.env.PORT || 8080, host: '127.0.0.1', path: '/actuator/health/readiness', agent: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "--import", "./preload.mjs", "service/dist/main.js"]
