# Where other gateways are: sourced by `run` and `rivals`. They live outside of this tree.
BENCH_RIVALS=${BENCH_RIVALS:-${XDG_CACHE_HOME:-$HOME/.cache}/innoerp-bench}

# Names a gateway for the programs that follow, if it is there: by the variable, or else where it was installed.
_find() {
    local found=${!1:-}
    if [ -z "$found" ] && [ -e "${3:-$2}" ]; then found=$2; fi
    printf -v "$1" %s "$found"
    if [ -n "$found" ]; then export "${1?}"; else export -n "${1?}"; fi
}

_find BENCH_HIVE "$BENCH_RIVALS/bin/hive_router"
_find BENCH_COSMO "$BENCH_RIVALS/cosmo" "$BENCH_RIVALS/cosmo/router"
_find BENCH_APOLLO_ROUTER "$BENCH_RIVALS/apollo-router/bin/router"
_find BENCH_APOLLO_GATEWAY "$BENCH_RIVALS/apollo-gateway"
