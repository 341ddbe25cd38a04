# Spinel in a container, with the ways of the official Redis image: docker run IMAGE [redis-server] [options | conf].

FROM rust:1.95-slim-bookworm AS build
# jemalloc is built from its sources.
RUN apt-get update \
    && apt-get install -y --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin spinel

FROM debian:bookworm-slim
# One number for the user in every image, so that a volume stays readable from one to the next; then the clients.
RUN groupadd --system --gid 999 redis \
    && useradd --system --gid redis --uid 999 --home-dir /data --no-create-home redis \
    && apt-get update \
    && apt-get install -y --no-install-recommends redis-tools tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o redis -g redis /data
COPY --from=build /src/target/release/spinel /usr/local/bin/spinel
COPY --chmod=755 .docker/entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN ln -s spinel /usr/local/bin/redis-server && redis-server --version && redis-cli --version

VOLUME /data
WORKDIR /data
EXPOSE 6379
# The entry point starts as root only to hand /data over, and runs the server as the user redis.
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
