# The image of a node: one static binary and the two directories that it writes to.
#
# `docker build .` needs nothing but this repository. `make image` puts a binary that was built here into the last stage alone.
FROM rust:1-alpine AS build
RUN apk add --no-cache build-base
WORKDIR /hearth
COPY . .
RUN cargo build --release --locked --bin hearth --config 'profile.release.strip="debuginfo"'
RUN mkdir -p /image/data /image/secret && cp target/release/hearth /image/

FROM scratch
COPY --from=build --chown=10001:10001 /image/ /
USER 10001:10001
VOLUME /data
EXPOSE 9090 5275
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s CMD ["/hearth", "health"]
ENTRYPOINT ["/hearth"]
CMD ["serve", "--data-dir", "/data", "--rest-listen", "0.0.0.0:9090"]
