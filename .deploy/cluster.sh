#!/usr/bin/env bash
# Runs three nodes with the binary $1 on loopback, on ./data/cluster, until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
hearth=$1 data=./data/cluster
seeds=127.0.0.1:5275,127.0.0.1:5276,127.0.0.1:5277

mkdir -p "$data"
"$hearth" secret "$data/secret"
printf '[log]\nformat = "human"\n' >"$data/hearth.toml"

# Names each line's node in its colour; outlives Ctrl-C, which is for the nodes.
prefix() {
    trap '' INT
    exec sed --unbuffered "s/^/$(printf '\033[3%dm' $(($1 + 1)))node $1 │$(printf '\033[0m') /"
}

nodes=()
trap 'kill "${nodes[@]}" 2>/dev/null || true' INT TERM EXIT
for n in 1 2 3; do
    "$hearth" serve --config "$data/hearth.toml" --data-dir "$data/$n" --rest-listen "127.0.0.1:909$n" \
        --cluster-listen "127.0.0.1:$((5274 + n))" --cluster-advertise "127.0.0.1:$((5274 + n))" --cluster-seeds "$seeds" \
        --cluster-bootstrap-expect 3 --cluster-secret-file "$data/secret" > >(prefix "$n") 2>&1 &
    nodes+=($!)
    echo "node $n: http://127.0.0.1:909$n/plugins/restapi/v1"
done
echo "Password and API secret: $data/1/secrets.toml. Ctrl-C stops all."

# Ctrl-C ends the first wait; the second is for the nodes to finish.
wait || true
wait
