# The binary alone, with root certificates: docker build -t ssek . && docker run --rm -i ssek run - <script.js
FROM docker.io/library/rust:1.95-slim-bookworm AS build
RUN apt-get update -q && apt-get install -qy --no-install-recommends gcc libc6-dev make
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin ssek && cp target/release/ssek /ssek

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update -q && apt-get install -qy --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /ssek /usr/local/bin/ssek
# Scripts are read and reports are written here; a folder of the host is mounted over it.
WORKDIR /home/ssek
RUN chown 12345 /home/ssek
USER 12345
ENTRYPOINT ["ssek"]
