#!/usr/bin/env bash
# Makes the image $1 of a static binary that is built here, without pulling anything; where there is no cargo, Docker builds it.
set -euo pipefail
cd "$(dirname "$0")/.."
image=$1 cargo=${CARGO:-cargo}

if ! command -v "$cargo" >/dev/null; then
    exec docker build --tag "$image" .
fi

target=$(uname -m)-unknown-linux-musl
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
if command -v rustup >/dev/null; then
    rustup --quiet target add "$target"
fi
if ! command -v musl-gcc >/dev/null; then
    echo "musl-gcc is missing: it is in the package musl-tools" >&2
    exit 1
fi
"$cargo" build --release --locked --bin hearth --target "$target" --config 'profile.release.strip="debuginfo"'

context=$built/image
rm -rf "$context"
mkdir -p "$context"/{data,secret}
cp "$built/$target/release/hearth" "$context"
# The last stage, with the context in place of the stage that builds.
sed -n '/^FROM scratch/,$p' Dockerfile | sed 's|--from=build \(.*\) /image/ /|\1 . /|' | docker build --tag "$image" --file - "$context"
