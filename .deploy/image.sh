#!/usr/bin/env bash
# Makes the image $1 of a static binary that is built here, without pulling anything; where there is no cargo, Docker builds it.
set -euo pipefail
cd "$(dirname "$0")/.."
image=$1 cargo=${CARGO:-cargo}

if ! command -v "$cargo" >/dev/null; then
    exec docker build --tag "$image" .
fi

built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
# glibc looks up names without any other file since 2.34.
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2)
if command -v musl-gcc >/dev/null && rustup --quiet target add "$(uname -m)-unknown-linux-musl"; then
    target=$(uname -m)-unknown-linux-musl
elif [ "$(printf '2.34\n%s\n' "$glibc" | sort -V | head -n1)" = 2.34 ]; then
    target=$(uname -m)-unknown-linux-gnu
else
    echo "a static binary needs musl-gcc (package musl-tools) and rustup, or glibc 2.34 or newer" >&2
    exit 1
fi
echo "building for $target" >&2
RUSTFLAGS='-C target-feature=+crt-static' "$cargo" build --release --locked --bin hearth --target "$target" \
    --config 'profile.release.strip="debuginfo"'

context=$built/image
rm -rf "$context"
mkdir -p "$context"/{data,secret}
cp "$built/$target/release/hearth" "$context"
# The last stage, with the context in place of the stage that builds.
sed -n '/^FROM scratch/,$p' Dockerfile | sed 's|--from=build \(.*\) /image/ /|\1 . /|' | docker build --tag "$image" --file - "$context"
